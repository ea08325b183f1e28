// A holdall cart in an Automerge document: one key under the root for each action, made once,
// never changed and never deleted. For carts of adds, sets and removals; whatever else happened to
// a cart (a merge, a line saved for later) has to be read by the library.
import * as Automerge from "@automerge/automerge";

const run = (text) => /^(.+):(\d+)(?:-(\d+))?$/.exec(text).slice(1);
const name = ({ sku, options = {}, bundle, tag }) =>
  JSON.stringify([sku, Object.entries(options).sort(), bundle, tag]);

export class Cart {
  // A new writer for each page load: two that share an id give one name to two actions.
  constructor(cart, writer = crypto.randomUUID()) {
    Object.assign(this, { prefix: `hd/${cart}/`, writer, number: 0 });
  }
  read(doc) {
    const said = new Map(), dead = [];
    for (const key of Object.keys(doc).filter((key) => key.startsWith(this.prefix))) {
      for (const value of Object.values(Automerge.getConflicts(doc, key) ?? [doc[key]])) {
        const action = JSON.parse(String(value)); // true, if the cart was erased
        if (action === true) throw new Error("the cart was erased: start a new one");
        dead.push(...(action.dead ?? []));
        said.set(key.slice(this.prefix.length).replace("/", ":"), action);
      }
    }
    const runs = dead.map(run);
    const within = (by, n) => runs.some(([r, first, last = first]) => r === by && +first <= n && n <= +last);
    const live = [...said].filter(([dot, { remove }]) => !remove && !within(...run(dot)));
    return { said: [...said.keys()], dead, live, latest: Math.max(0, ...live.map(([, { at }]) => at ?? 0)) };
  }
  on(line, { live }) {
    return live.filter(([, action]) => action.line && name(action.line) === name(line));
  }
  lines(doc) {
    const read = this.read(doc), lines = new Map();
    for (const [dot, { add, set, line, list, ...action }] of read.live) {
      if (action.merge || action.move || action.stay || action.unknown || list === "saved")
        throw new Error(`${dot} is for the library to read`);
      if (add || set) lines.set(name(line), line);
    }
    return [...lines.values()].map((line) => {
      const here = this.on(line, read).map(([, action]) => action);
      const sets = here.filter(({ set }) => set).sort((a, b) => a.at - b.at); // the latest counts
      return { ...line, quantity: here.reduce((sum, { add = 0 }) => sum + add, sets.at(-1)?.set ?? 0) };
    });
  }
  write(doc, action, read = this.read(doc)) {
    const at = Math.max(Date.now(), read.latest + 1); // later than all that was seen
    const key = `${this.prefix}${this.writer}/${++this.number}`;
    const text = new Automerge.ImmutableString(JSON.stringify({ ...action, at }));
    return Automerge.change(doc, (doc) => { doc[key] = text; });
  }
  add(doc, line, n = 1) {
    return this.write(doc, { add: n, line });
  }
  remove(doc, line) {
    const read = this.read(doc);
    return this.write(doc, { remove: true, dead: this.on(line, read).map(([dot]) => dot) }, read);
  }
  set(doc, line, n) {
    const read = this.read(doc), here = this.on(line, read).filter(([, { add, set }]) => add || set);
    const dead = here.map(([dot]) => dot);
    const covers = [...dead, ...here.flatMap(([, action]) => action.covers ?? [])];
    const seen = [...read.said, ...read.dead].filter((dot) => !dot.startsWith(this.writer) && !dot.startsWith("dead"));
    return this.write(doc, { set: n, line, seen, covers, dead }, read);
  }
}
