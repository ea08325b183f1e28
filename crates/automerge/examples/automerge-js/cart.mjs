// A holdall cart in an Automerge document: one key for each action, never changed, never deleted.
import * as Automerge from "@automerge/automerge";

const run = (text) => /^(.+):(\d+)-?(\d+)?$/.exec(text).slice(1);
const name = ({ sku, options = {}, bundle, tag }) => JSON.stringify([sku, Object.entries(options).sort(), bundle, tag]);

export class Cart {
  // A new writer for each page load: two writers with one id give one name to two actions.
  constructor(cart, writer = crypto.randomUUID()) {
    Object.assign(this, { prefix: `hd/${cart}/`, writer, number: 0 });
  }
  read(doc, line) {
    const keys = Object.keys(doc).filter((key) => key.startsWith(this.prefix));
    const said = keys.map((key) => [key.slice(this.prefix.length).replace("/", ":"), JSON.parse(String(doc[key]))]);
    const dots = said.filter(([dot]) => !dot.startsWith("dead:")), dead = said.flatMap(([, { dead = [] }]) => dead);
    const runs = dead.map(run), gone = ([by, n]) => runs.some(([r, first, last = first]) => r === by && +first <= +n && +n <= +last);
    const live = dots.filter(([dot, { remove }]) => !remove && !gone(run(dot)));
    const here = live.filter(([, action]) => line && action.line && name(action.line) === name(line));
    return { live, here, seen: [...dots.map(([dot]) => dot), ...dead].filter((dot) => !dot.startsWith(this.writer)) };
  }
  write(doc, action) {
    const at = this.read(doc).live.reduce((latest, [, action]) => Math.max(latest, action.at + 1), Date.now());
    const text = new Automerge.ImmutableString(JSON.stringify({ ...action, at })); // later than all it had seen
    return Automerge.change(doc, (doc) => void (doc[`${this.prefix}${this.writer}/${++this.number}`] = text));
  }
  add(doc, line, units = 1) {
    return this.write(doc, { add: units, line });
  }
  remove(doc, line) {
    return this.write(doc, { remove: true, dead: this.read(doc, line).here.map(([dot]) => dot) });
  }
  set(doc, line, units) {
    const { here, seen } = this.read(doc, line), units_of = here.filter(([, { add, set }]) => add || set);
    const dead = units_of.map(([dot]) => dot), covers = [...dead, ...units_of.flatMap(([, { covers = [] }]) => covers)];
    return this.write(doc, { set: units, line, seen, covers, dead });
  }
  // What a shopper sees, of a cart in which nothing was merged, saved for later or erased: that the library reads.
  lines(doc) {
    const { live } = this.read(doc), hard = live.find(([, a]) => a.merge || a.move || a.stay || a.unknown || a.list === "saved" || a === true);
    if (hard) throw new Error(`${hard[0]} is for the library to read`);
    const lines = new Map(live.filter(([, { add, set }]) => add || set).map(([, { line }]) => [name(line), line]));
    return [...lines.values()].map((line) => {
      const all = this.read(doc, line).here.map(([, action]) => action), sets = all.filter(({ set }) => set).sort((a, b) => a.at - b.at);
      return { ...line, quantity: all.reduce((sum, { add = 0 }) => sum + add, sets.at(-1)?.set ?? 0) };
    });
  }
}
