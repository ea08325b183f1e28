// A client of the service: one device of one shopper. It keeps what it has to send in durable storage, each
// action under a key of its own, and takes it out when the service has answered; so it may be killed at any
// moment, and two tabs of one browser are the same device without getting in each other's way.

const STORE = "holdall";
const LINE_SIDE_WHOLE = 0;
const RETRY_MS = [100, 200, 400, 800, 1600, 3000];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A UUID of version 7: the keys of one tab ascend, so that a queue sorted by key is in its order. */
let lastMs = 0;
let counted = 0;
export function mintKey(skewMs = 0) {
  const ms = Math.max(Date.now() + skewMs, 0);
  if (ms > lastMs) { lastMs = ms; counted = 0; } else { counted += 1; }
  const random = crypto.getRandomValues(new Uint8Array(8));
  const time = lastMs.toString(16).padStart(12, "0");
  const count = (counted & 0xfff).toString(16).padStart(3, "0");
  random[0] = (random[0] & 0x3f) | 0x80;
  const rest = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}

/** Ids and tokens by their beginning, for the timeline. */
const short = (text) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|(?<=hdg_)[0-9a-f]{64}/g, (id) => `${id.slice(0, 4)}…`);

/** The id of a whole line, as the service makes it. */
export function lineId(sku, options = {}) {
  const keys = Object.keys(options).sort();
  const text = sku + keys.map((key) => `\u0001${key}\u0002${options[key]}`).join("");
  const bytes = [LINE_SIDE_WHOLE, ...new TextEncoder().encode(text)];
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export class Device extends EventTarget {
  constructor(name, tell) {
    super();
    this.name = name;
    this.tell = tell;
    this.network = localStorage.getItem(this.#at("network")) ?? "on";
    this.skewMs = 0;
    this.cart = this.#kept("cart");
    this.identity = this.#kept("identity");
    this.present = [];
    this.refused = [];
    this.id = localStorage.getItem(this.#at("id")) ?? crypto.randomUUID();
    localStorage.setItem(this.#at("id"), this.id);
    // Another tab is this device too.
    addEventListener("storage", (event) => {
      if (!event.key?.startsWith(this.#at(""))) return;
      const identity = this.#kept("identity");
      if (identity?.cart !== this.identity?.cart) {
        this.identity = identity;
        this.cart = this.#kept("cart");
        this.#connect();
      }
      this.#changed();
      this.drain();
    });
  }

  #at(what) { return `${STORE}.${this.name}.${what}`; }
  #kept(what) { return JSON.parse(localStorage.getItem(this.#at(what)) ?? "null"); }
  #keep(what, value) { localStorage.setItem(this.#at(what), JSON.stringify(value)); }
  #changed() { this.dispatchEvent(new Event("change")); }

  async start() {
    await this.#identify();
    this.#connect();
    this.drain();
    this.#changed();
  }

  setNetwork(network) {
    this.network = network;
    localStorage.setItem(this.#at("network"), network);
    this.#connect();
    this.#changed();
    if (network !== "off") this.#identify().then(() => { this.#connect(); this.drain(); });
  }

  /** What is to be sent, oldest first. */
  queue() {
    const prefix = this.#at("queue.");
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix)).sort();
    return keys.map((key) => JSON.parse(localStorage.getItem(key))).filter((item) => item !== null);
  }

  /** Does something: at once here, and at the service when it can be reached. */
  act(action) {
    const key = mintKey(this.skewMs);
    // What was looked at: the cart as it was shown, and by the device's name what this device did since.
    const seen = this.cart?.version ?? 0;
    localStorage.setItem(this.#at(`queue.${key}`), JSON.stringify({ key, cart: this.identity?.cart, seen, ...action }));
    this.#changed();
    this.drain();
  }

  /** The cart with what is still to be sent. */
  shown() {
    const copy = (rows) => (rows ?? []).map((row) => ({ ...row }));
    const shown = { active: copy(this.cart?.lines), saved: copy(this.cart?.saved) };
    for (const item of this.queue()) {
      if (item.cart && item.cart !== this.identity?.cart) continue;
      const list = shown[item.list ?? "active"];
      const at = list.findIndex((row) => row.line === item.line);
      const row = list[at] ?? { line: item.line, sku: item.sku, options: item.options ?? {}, quantity: 0 };
      row.pending = true;
      if (item.kind === "add") row.quantity += item.quantity;
      if (item.kind === "set") row.quantity = item.quantity;
      const gone = item.kind === "remove" || item.kind === "move" || row.quantity === 0;
      if (gone && at >= 0) list.splice(at, 1);
      if (!gone && at < 0) list.push(row);
      if (item.kind === "move" && at >= 0) {
        const other = shown[item.to];
        const there = other.find((one) => one.line === row.line);
        if (there) { there.quantity += row.quantity; there.pending = true; } else { other.push(row); }
      }
    }
    const byName = (a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0);
    shown.active.sort(byName);
    shown.saved.sort(byName);
    return shown;
  }

  /** Sends what is to be sent, in its order; one tab at a time, so that the order is kept. */
  async drain() {
    if (this.draining) { this.again = true; return; }
    this.draining = true;
    do {
      this.again = false;
      await navigator.locks.request(this.#at("drain"), () => this.#sendAll());
    } while (this.again);
    this.draining = false;
    this.#changed();
  }

  async #sendAll() {
    for (let tries = 0; this.network !== "off"; ) {
      const [item] = this.queue();
      if (!item || !this.identity) return;
      const [method, path, body] = this.#request(item);
      const headers = { "Idempotency-Key": `"${item.key}"`, "Cart-Seen": `"${item.seen}"` };
      let reply;
      try {
        reply = await this.#fetch(method, path, body, headers);
      } catch {
        await pause(RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
        continue;
      }
      if (reply.status >= 500 || reply.status === 429) {
        const after = Number(reply.headers.get("Retry-After") ?? 1);
        await pause(Math.min(after * 1000, 5000));
        continue;
      }
      if (reply.status === 401 && await this.#renew()) continue;
      tries = 0;
      // It was answered, one way or the other: now it may be forgotten.
      localStorage.removeItem(this.#at(`queue.${item.key}`));
      if (reply.ok) this.#show(reply.json);
      else this.#refuse(item, reply.json);
    }
  }

  #request(item) {
    const cart = `/carts/${item.cart ?? this.identity.cart}`;
    const line = `${cart}/lines/${item.line}`;
    const list = `?list=${item.list ?? "active"}`;
    switch (item.kind) {
      case "add": return ["POST", `${cart}/lines`, { sku: item.sku, options: item.options, quantity: item.quantity }];
      case "set": return ["PUT", line + list, { quantity: item.quantity }];
      case "remove": return ["DELETE", line + list];
      default: return ["POST", `${line}/move`, { to: item.to }];
    }
  }

  #refuse(item, problem) {
    this.refused.push(`${item.kind} ${item.sku ?? ""}: ${problem?.detail ?? "refused"}`);
    this.#changed();
  }

  /** A request over a network that may be cut, or lose the answer. */
  async #fetch(method, path, body, headers = {}) {
    if (this.network === "off") throw new Error("no network");
    const what = `${method} ${short(path.split("?")[0])}`;
    this.tell(this.name, "→", `${what}${body ? ` ${short(JSON.stringify(body))}` : ""}`);
    if (this.identity) headers.Authorization = `Bearer ${this.identity.token}`;
    headers["Cart-Device"] = this.id;
    if (body) headers["Content-Type"] = "application/json";
    const reply = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
    const json = reply.status === 204 ? null : await reply.json();
    if (this.network === "off" || (this.network === "lossy" && Math.random() < 0.5)) {
      this.tell(this.name, "✗", `the answer to ${what} was lost`, true);
      throw new Error("the answer was lost");
    }
    const repeated = reply.headers.get("Idempotency-Replayed") ? ", was done before" : "";
    const version = json?.version ?? json?.cart?.version;
    this.tell(this.name, "←", `${reply.status}${version === undefined ? "" : ` version ${version}`}${repeated}`);
    return { ok: reply.ok, status: reply.status, headers: reply.headers, json };
  }

  /** As #fetch, until there is an answer. For what may be sent twice without harm. */
  async #insist(method, path, body) {
    for (let tries = 0; ; tries++) {
      try {
        const reply = await this.#fetch(method, path, body);
        if (reply.status < 500 && reply.status !== 429) return reply;
      } catch {
        if (this.network === "off") return null;
      }
      await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    }
  }

  /** A cart of one's own, if there is none yet. */
  async #identify() {
    if (this.identity || this.network === "off") return;
    await navigator.locks.request(this.#at("identify"), async () => {
      this.identity = this.#kept("identity");
      if (this.identity) return;
      const reply = await this.#insist("POST", "/carts");
      if (!reply?.ok) return;
      const { token, ...cart } = reply.json;
      this.#become({ cart: cart.cart, token }, cart);
    });
  }

  #become(identity, cart) {
    this.identity = identity;
    this.#keep("identity", identity);
    this.cart = cart;
    this.#keep("cart", cart);
    // What was put in before there was a cart goes into this one.
    for (const item of this.queue().filter((item) => !item.cart)) {
      localStorage.setItem(this.#at(`queue.${item.key}`), JSON.stringify({ ...item, cart: identity.cart }));
    }
    this.#connect();
    this.#changed();
  }

  #show(cart) {
    if (cart.cart !== this.identity?.cart) return;
    if (this.cart?.cart === cart.cart && cart.version < this.cart.version) return;
    this.cart = cart;
    this.#keep("cart", cart);
    this.#changed();
  }

  async #token(account) {
    const reply = await this.#insist("POST", `/demo/accounts/${encodeURIComponent(account)}/token`);
    return reply?.ok ? reply.json.token : null;
  }

  /** A new token, if the service was started anew. */
  async #renew() {
    if (!this.identity?.account) return false;
    const token = await this.#token(this.identity.account);
    if (!token) return false;
    this.identity = { ...this.identity, token };
    this.#keep("identity", this.identity);
    return true;
  }

  /** Signs in: what the guest put in is sent first, then its cart is merged into the account's. */
  async signIn(account, rule) {
    await this.drain();
    const guest = this.identity;
    if (this.network === "off" || !guest || this.queue().length) return "no network: try again when it is back";
    const token = await this.#token(account);
    if (!token) return "no network: try again when it is back";
    this.identity = { ...guest, token };
    const path = `/demo/accounts/${encodeURIComponent(account)}/merge`;
    const reply = await this.#insist("POST", path, { guest: guest.cart, guest_token: guest.token, rule });
    if (!reply?.ok) {
      this.identity = guest;
      return reply?.json?.detail ?? "no network: try again when it is back";
    }
    this.#become({ account, token, cart: reply.json.cart.cart }, reply.json.cart);
    return "";
  }

  /** Leaves the account: whoever uses the device next begins with a cart of their own. */
  async signOut() {
    localStorage.removeItem(this.#at("identity"));
    localStorage.removeItem(this.#at("cart"));
    for (const item of this.queue()) localStorage.removeItem(this.#at(`queue.${item.key}`));
    this.identity = null;
    this.cart = null;
    this.refused = [];
    await this.#identify();
    this.#changed();
  }

  async buy() {
    await this.drain();
    const reply = await this.#insist("POST", `/demo/carts/${this.identity.cart}/orders`);
    if (reply?.ok) this.#show(reply.json);
    return reply?.ok ? "" : reply?.json?.detail ?? "no network: try again when it is back";
  }

  /** Why a line shows what it shows, in sentences. */
  async why(line, devices) {
    const names = devices.map((device) => `${device.id}~${device === this ? "this device" : `the ${device.name}`}`);
    const query = encodeURIComponent(names.join(","));
    const reply = await this.#insist("GET", `/carts/${this.identity.cart}/explain?devices=${query}`);
    if (!reply?.ok) return [reply?.json?.detail ?? "No network: ask again when it is back."];
    const told = reply.json.find((one) => one.line === line || one.rows.some((row) => row.line === line));
    return told?.sentences ?? ["Nothing of it has been sent yet."];
  }

  /** Hears of what other devices do. */
  #connect() {
    const wanted = this.network !== "off" && this.identity;
    if (this.socket && (!wanted || this.socket.cart !== this.identity.cart)) {
      this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
      this.present = [];
    }
    if (!wanted || this.socket) return;
    const { cart, token } = this.identity;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const url = `${scheme}//${location.host}/carts/${cart}/live?name=${encodeURIComponent(this.name)}`;
    const socket = new WebSocket(url, ["holdall.v1.json", `bearer.${token}`]);
    socket.cart = cart;
    this.socket = socket;
    socket.onopen = () => { this.waits = 0; };
    socket.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.type === "cart") {
        this.tell(this.name, "⇠", `live: version ${said.cart.version}`);
        this.#show(said.cart);
      } else if (said.type === "present") {
        this.present = said.devices.map((device) => device.name);
        this.#changed();
      }
    };
    socket.onclose = async () => {
      if (this.socket === socket) this.socket = null;
      this.present = [];
      await pause(RETRY_MS[Math.min(this.waits ?? 0, RETRY_MS.length - 1)]);
      this.waits = (this.waits ?? 0) + 1;
      if (this.waits > 1 && this.network !== "off") await this.#renew();
      this.#connect();
    };
  }
}
