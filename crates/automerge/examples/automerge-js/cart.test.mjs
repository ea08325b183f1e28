// JavaScript and the library edit one cart, each with its own Automerge. HOLDALL names the library's
// example `from_automerge`; without it there is nothing to test against, and this fails.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as Automerge from "@automerge/automerge";
import { Cart } from "./cart.mjs";

const TEE = { sku: "TEE" }, MUG = { sku: "MUG" }, CAP = { sku: "CAP" };
let folder, file, id;

before(() => {
  assert.ok(process.env.HOLDALL, "set HOLDALL to the example from_automerge, built with --features automerge");
  folder = mkdtempSync(join(tmpdir(), "holdall-"));
});
after(() => folder && rmSync(folder, { recursive: true }));

const holdall = (...words) => execFileSync(process.env.HOLDALL, words, { encoding: "utf8" });
const begin = (name) => ([file, id] = [join(folder, name), crypto.randomUUID()]);
const load = () => Automerge.load(readFileSync(file));
const save = (doc) => writeFileSync(file, Automerge.save(doc));
// The rows that the library shows: { TEE: 2 }.
const shown = () =>
  Object.fromEntries(
    [...holdall("show", file, id).matchAll(/^(\d+) (\S.*)$/gm)].map(([, units, line]) => [line, Number(units)]),
  );
const seen = (cart, doc) => Object.fromEntries(cart.lines(doc).map(({ sku, quantity }) => [sku, quantity]));

test("JavaScript edits offline what the library wrote, and two replicas join", () => {
  begin("from-the-library");
  holdall("add", file, id, "TEE", "2");
  holdall("add", file, id, "MUG", "1");
  holdall("add", file, id, "CAP", "4");

  let phone = load(), tablet = Automerge.clone(load());
  const [onPhone, onTablet] = [new Cart(id), new Cart(id)];
  assert.deepEqual(seen(onPhone, phone), { TEE: 2, MUG: 1, CAP: 4 });
  phone = onPhone.remove(onPhone.add(phone, TEE, 3), MUG); // at once:
  tablet = onTablet.set(onTablet.add(onTablet.add(tablet, TEE), MUG), CAP, 6);
  phone = Automerge.merge(phone, tablet);
  save(phone);

  const expected = { TEE: 6, MUG: 1, CAP: 6 }; // the mug that the phone had not seen stays
  assert.deepEqual(shown(), expected);
  assert.deepEqual(seen(onPhone, phone), expected);
});

test("the library edits what JavaScript wrote", () => {
  begin("from-javascript");
  const cart = new Cart(id);
  let doc = cart.add(cart.add(Automerge.init(), TEE, 2), { sku: "TEE", options: { size: "M", colour: "red" } });
  doc = cart.set(cart.add(doc, { options: { colour: "red", size: "M" }, sku: "TEE" }), TEE, 5);
  save(doc);
  assert.deepEqual(shown(), { TEE: 5, "TEE (colour red, size M)": 2 });
  holdall("remove", file, id, "TEE");
  holdall("add", file, id, "MUG", "1");
  doc = Automerge.merge(doc, load());
  assert.deepEqual(cart.lines(doc).map(({ sku, quantity }) => [sku, quantity]).sort(), [["MUG", 1], ["TEE", 2]]);
});

test("two sets at once: the later counts, here and there; what was seen is replaced", () => {
  begin("sets");
  const [a, b] = [new Cart(id), new Cart(id)];
  let left = a.add(Automerge.init(), TEE, 3), right = Automerge.clone(left);
  left = a.set(left, TEE, 5);
  right = b.set(b.set(right, TEE, 9), TEE, 2);
  left = Automerge.merge(left, right);
  save(left);
  assert.deepEqual(shown(), { TEE: 2 });
  assert.deepEqual(seen(a, left), { TEE: 2 });
  left = a.set(left, TEE, 7);
  save(left);
  assert.deepEqual(shown(), { TEE: 7 });
  assert.deepEqual(seen(b, left), { TEE: 7 });
});

test("documents that were begun apart lose nothing", () => {
  begin("apart");
  const [a, b] = [new Cart(id), new Cart(id)];
  save(Automerge.merge(a.add(Automerge.init(), TEE, 2), b.add(Automerge.init(), TEE, 3)));
  assert.deepEqual(shown(), { TEE: 5 });
});

test("Automerge's sync carries a cart between JavaScript replicas", () => {
  begin("sync");
  const [a, b] = [new Cart(id), new Cart(id)];
  let [here, there] = [a.add(Automerge.init(), TEE, 2), b.add(b.add(Automerge.init(), TEE), MUG)];
  let [at_here, at_there] = [Automerge.initSyncState(), Automerge.initSyncState()], forth, back;
  do {
    [at_here, forth] = Automerge.generateSyncMessage(here, at_here);
    if (forth) [there, at_there] = Automerge.receiveSyncMessage(there, at_there, forth);
    [at_there, back] = Automerge.generateSyncMessage(there, at_there);
    if (back) [here, at_here] = Automerge.receiveSyncMessage(here, at_here, back);
  } while (forth || back);
  save(here);
  assert.deepEqual(shown(), { TEE: 3, MUG: 1 });
  assert.deepEqual(seen(b, there), { TEE: 3, MUG: 1 });
});

test("a guest's cart of the same document is merged under a policy", () => {
  begin("guest");
  const [guest, account] = [crypto.randomUUID(), id];
  const [onPhone, onLaptop] = [new Cart(guest), new Cart(account)];
  save(onLaptop.add(onPhone.add(Automerge.init(), TEE, 3), TEE, 2));
  holdall("merge", file, account, guest, "max");
  assert.deepEqual(shown(), { TEE: 3 });
  const late = onLaptop.add(load(), TEE); // by somebody who had not seen the merge
  save(late);
  assert.deepEqual(shown(), { TEE: 3 }); // max(2 + 1, 3)
  assert.throws(() => onLaptop.lines(late), /for the library to read/);
});

test("what is no action is skipped, by key; a plain string is read", () => {
  begin("malformed");
  const cart = new Cart(id);
  let doc = cart.add(Automerge.init(), TEE, 2);
  doc = Automerge.change(doc, (doc) => {
    doc.title = "my shop";
    doc[`hd/${id}/${crypto.randomUUID()}/1`] = JSON.stringify({ add: 1, line: MUG, at: 1 }); // can be edited; read all the same
    doc[`hd/${id}/${crypto.randomUUID()}/1`] = { add: 1, line: CAP };
    doc[`hd/${id}/${crypto.randomUUID()}/1`] = new Automerge.ImmutableString('{"add":-1}');
    doc[`hd/${id}/${crypto.randomUUID()}/1`] = new Automerge.Counter(7);
  });
  save(doc);
  assert.deepEqual(shown(), { TEE: 2, MUG: 1 });
});
