// The service under test, and browsers to look at it with.

import { spawn } from "node:child_process";
import { mkdtemp, rm, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.HOLDALL ?? join(ROOT, "target/debug/holdall");
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const SHOTS = join(ROOT, "checks/browser/shots");

/** Starts the service; `stop` ends it. */
export async function serve(...more) {
  const child = spawn(BINARY, ["serve", "--listen", "127.0.0.1:0", "--store", "memory:", ...more], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/http:\S+/)?.[0];
    if (url) return { url, stop: async () => { child.kill("SIGTERM"); await gone; } };
  }
  throw new Error("the service ended without a word");
}

/** A browser with storage of its own, empty or one that is kept. */
export async function browser({ profile, ...options } = {}) {
  const folder = profile ?? await mkdtemp(join(tmpdir(), "holdall-browser-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS,
    viewport: { width: 1280, height: 900 }, ...options,
  });
  context.setDefaultTimeout(30_000);
  const close = async () => {
    await context.close();
    if (!profile) await rm(folder, { recursive: true, force: true });
  };
  return { context, close };
}

/** The page, once every device has its cart. What goes wrong in it fails the test. */
export async function open(context, url) {
  const page = await context.newPage();
  page.on("pageerror", (error) => { page.wrong = error; });
  await page.goto(url);
  await page.waitForFunction(() => globalThis.devices?.every((device) => device.identity || device.network === "off"));
  return page;
}

export const pane = (page, name) => page.locator(`[data-device="${name}"]`);

export const network = (page, name, state) => pane(page, name).locator(`input[value="${state}"]`).check();

export async function add(page, name, product, quantity) {
  const form = pane(page, name).locator("form.add");
  await form.locator("select").selectOption({ label: product });
  await form.locator("input").fill(String(quantity));
  await form.locator("button").click();
}

export async function signIn(page, name, account, rule) {
  const form = pane(page, name).locator("form.sign-in");
  await form.locator("input").fill(account);
  await form.locator("select").selectOption(rule);
  await form.locator("button").click();
  await pane(page, name).locator(".who", { hasText: account }).waitFor();
}

/** What a device shows in its cart: `TEE 3, MUG 1`. */
export const shown = (page, name) => pane(page, name).locator(".lines li").evaluateAll((rows) =>
  rows.map((row) => `${row.querySelector(".name").textContent} ${row.dataset.quantity}`).join(", "));

/** Waits until a device shows something, with nothing left to be sent. */
export async function shows(page, name, expected) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const now = [await shown(page, name), await pane(page, name).getAttribute("data-waiting")];
    if (now[0] === expected && now[1] === "0") return;
    if (Date.now() > deadline) throw new Error(`${name} shows ${now[0]}, ${now[1]} to be sent; expected ${expected}`);
    await page.waitForTimeout(20);
  }
}

export async function shot(page, name) {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
