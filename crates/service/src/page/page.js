// The page: devices side by side, and what travels between them and the service.

import { Device, lineId } from "./device.js";

const NAMES = ["phone", "laptop", "shop terminal"];
const PRODUCTS = [
  ["TEE", { size: "M" }], ["TEE", { size: "L" }], ["MUG", {}], ["SOCKS", { colour: "red" }],
];
const TIMELINE_ENTRIES = 60;

const called = (sku, options) => {
  const kinds = Object.entries(options ?? {}).map(([key, value]) => `${key} ${value}`);
  return kinds.length ? `${sku} (${kinds.join(", ")})` : sku;
};

const timeline = document.getElementById("timeline");
function tell(device, arrow, what, lost = false) {
  const entry = document.createElement("li");
  entry.textContent = `${new Date().toISOString().slice(11, 23)} ${device} ${arrow} ${what}`;
  entry.classList.toggle("lost", lost);
  timeline.prepend(entry);
  while (timeline.children.length > TIMELINE_ENTRIES) timeline.lastChild.remove();
}

const devices = NAMES.map((name) => new Device(name, tell));
for (const device of devices) {
  mount(device);
  device.start();
}
// For those who look at it from outside.
globalThis.devices = devices;

function mount(device) {
  const pane = document.getElementById("device").content.firstElementChild.cloneNode(true);
  const find = (selector) => pane.querySelector(selector);
  pane.dataset.device = device.name;
  find("h2").textContent = device.name;
  pane.setAttribute("aria-label", device.name);
  for (const radio of pane.querySelectorAll("input[type=radio]")) {
    radio.name = `network of ${device.name}`;
    radio.checked = radio.value === device.network;
    radio.addEventListener("change", () => device.setNetwork(radio.value));
  }
  find(".clock").addEventListener("change", (event) => { device.skewMs = Number(event.target.value); });
  for (const [at, [sku, options]] of PRODUCTS.entries()) {
    find(".add select").append(new Option(called(sku, options), at));
  }
  const status = (text) => { find(".status").dataset.said = text; render(); };
  find(".add").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const [sku, options] = PRODUCTS[form.get("product")];
    const quantity = Number(form.get("quantity"));
    device.act({ kind: "add", sku, options, quantity, line: lineId(sku, options) });
  });
  find(".sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    status(await device.signIn(form.get("account"), form.get("rule")));
  });
  find(".sign-out button").addEventListener("click", () => device.signOut());
  find(".buy").addEventListener("click", async () => status(await device.buy()));

  const rows = new Map();
  function render() {
    const shown = device.shown();
    const waiting = device.queue().length;
    pane.classList.toggle("off", device.network === "off");
    pane.dataset.waiting = waiting;
    pane.dataset.version = device.cart?.version ?? "";
    const account = device.identity?.account;
    find(".who").textContent = account ? `signed in as ${account}` : "guest";
    find(".version").textContent = device.cart ? `version ${device.cart.version}` : "";
    find(".sign-in").hidden = Boolean(account);
    find(".sign-out").hidden = !account;
    find(".saved-title").hidden = shown.saved.length === 0;
    list(find(".lines"), shown.active, "active");
    list(find(".saved"), shown.saved, "saved");
    const said = find(".status").dataset.said || "";
    const waits = waiting ? `${waiting} to be sent` : shown.active.length ? "" : "The cart is empty.";
    find(".status").textContent = [said, waits].filter(Boolean).join(" ");
    const others = device.present.filter((name) => name !== device.name);
    find(".present").textContent = others.length ? `Also here: ${others.join(", ")}` : "";
    const orders = device.cart?.orders.length ?? 0;
    find(".orders").textContent = orders ? `${orders} ordered` : "";
    find(".buy").disabled = shown.active.length === 0;
    find(".refused").replaceChildren(...device.refused.map((text) => {
      const entry = document.createElement("li");
      entry.textContent = text;
      return entry;
    }));
  }

  /** Rows are kept while they are shown, so that nobody loses the focus. */
  function list(parent, wanted, name) {
    const keep = new Set(wanted.map((row) => `${name} ${row.line}`));
    for (const [key, row] of rows) {
      if (key.startsWith(`${name} `) && !keep.has(key)) { row.element.remove(); rows.delete(key); }
    }
    for (const [at, row] of wanted.entries()) {
      const key = `${name} ${row.line}`;
      if (!rows.has(key)) rows.set(key, line(name));
      const known = rows.get(key);
      known.show(row);
      if (parent.children[at] !== known.element) parent.insertBefore(known.element, parent.children[at] ?? null);
    }
  }

  function line(list) {
    const element = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const part = (selector) => element.querySelector(selector);
    let row;
    const act = (kind, more = {}) =>
      device.act({ kind, list, line: row.line, sku: row.sku, options: row.options, ...more });
    const set = (quantity) => act("set", { quantity });
    part(".fewer").addEventListener("click", () => set(row.quantity - 1));
    part(".more").addEventListener("click", () => (list === "active" && !row.side
      ? act("add", { quantity: 1 }) : set(row.quantity + 1)));
    part(".quantity").addEventListener("change", (event) => set(Number(event.target.value)));
    part(".remove").addEventListener("click", () => act("remove"));
    part(".move").addEventListener("click", () => act("move", { to: list === "active" ? "saved" : "active" }));
    part(".why").addEventListener("click", async (event) => {
      const told = part(".told");
      const open = told.hidden;
      event.target.setAttribute("aria-expanded", open);
      told.hidden = !open;
      if (!open) return;
      const sentences = await device.why(row.line, devices);
      told.replaceChildren(...sentences.map((sentence) => {
        const p = document.createElement("p");
        p.textContent = sentence;
        return p;
      }));
    });
    const show = (now) => {
      row = now;
      const name = called(row.sku, row.options);
      element.dataset.sku = row.sku;
      element.dataset.quantity = row.quantity;
      element.classList.toggle("pending", Boolean(row.pending));
      element.classList.toggle("question", Boolean(row.question));
      part(".name").textContent = row.side ? `${name}, of the ${row.side}` : name;
      const label = (selector, sign, what) => {
        part(selector).textContent = sign;
        part(selector).setAttribute("aria-label", `${what}, ${name}, ${device.name}`);
      };
      label(".fewer", "−", "One fewer");
      label(".more", "+", "One more");
      label(".move", list === "active" ? "Save for later" : "To the cart", list === "active" ? "Save for later" : "To the cart");
      label(".remove", "Remove", "Remove");
      label(".why", `Why ${row.quantity}?`, `Why ${row.quantity}?`);
      const input = part(".quantity");
      input.setAttribute("aria-label", `How many, ${name}, ${device.name}`);
      if (document.activeElement !== input) input.value = row.quantity;
    };
    return { element, show };
  }

  device.addEventListener("change", render);
  document.getElementById("devices").append(pane);
  render();
}
