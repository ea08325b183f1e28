// The page in a browser, end to end.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { add, browser, network, open, pane, serve, shot, shown, shows, signIn } from "./shop.js";

const TEE = "TEE (size M)";
let shop;
before(async () => { shop = await serve("--device-rate", "100000", "--shopper-rate", "100000"); });
after(() => shop.stop());

async function inBrowser(work, options) {
  const { context, close } = await browser(options);
  try {
    const page = await open(context, shop.url);
    await work(page, context);
    assert.equal(page.wrong, undefined);
  } finally {
    await close();
  }
}

test("two devices go offline, both add, one signs in by max, both return, both show the same", () =>
  inBrowser(async (page) => {
    await signIn(page, "laptop", "max-shopper", "sum");
    await add(page, "laptop", TEE, 2);
    await shows(page, "laptop", `${TEE} 2`);
    for (const name of ["phone", "laptop"]) await network(page, name, "off");
    await add(page, "phone", TEE, 3);
    await add(page, "phone", "MUG", 1);
    await add(page, "laptop", TEE, 2);
    assert.equal(await shown(page, "phone"), `MUG 1, ${TEE} 3`);
    assert.equal(await shown(page, "laptop"), `${TEE} 4`);
    await shot(page, "offline");
    await network(page, "phone", "on");
    await signIn(page, "phone", "max-shopper", "max");
    await network(page, "laptop", "on");
    // 2 and 3 were the sides when they merged. What the laptop put in had not seen the merge, and is the account's: 4 is more than 3.
    for (const name of ["phone", "laptop"]) await shows(page, name, `MUG 1, ${TEE} 4`);
    await pane(page, "phone").locator(`li[data-sku="TEE"] .why`).click();
    await pane(page, "phone").locator(`li[data-sku="TEE"] .told p`).first().waitFor();
    const told = await pane(page, "phone").locator(`li[data-sku="TEE"] .told`).innerText();
    assert.match(told, /TEE.*: 4, from 2 added on the laptop.*and 2 added on the laptop/);
    assert.match(told, /3 added on .* in the guest cart.* is not shown, by the rule max/);
    await shot(page, "merged-by-max");
  }));

test("make it five, offline, beside two more from another device", () =>
  inBrowser(async (page) => {
    for (const name of ["phone", "laptop"]) await signIn(page, name, "set-shopper", "sum");
    await add(page, "phone", TEE, 3);
    for (const name of ["phone", "laptop"]) await shows(page, name, `${TEE} 3`);
    await network(page, "phone", "off");
    const quantity = pane(page, "phone").locator(`li[data-sku="TEE"] .quantity`);
    await quantity.fill("5");
    await quantity.press("Enter");
    await add(page, "laptop", TEE, 2);
    await shows(page, "laptop", `${TEE} 5`);
    await network(page, "phone", "on");
    for (const name of ["phone", "laptop"]) await shows(page, name, `${TEE} 7`);
  }));

test("a tab is killed with a queue, and comes back", async () => {
  const profile = await mkdtemp(join(tmpdir(), "holdall-profile-"));
  try {
    const first = await browser({ profile });
    const page = await open(first.context, shop.url);
    await network(page, "phone", "off");
    for (let n = 0; n < 3; n += 1) await add(page, "phone", "MUG", 2);
    assert.equal(await shown(page, "phone"), "MUG 6");
    // The page is not asked: its process ends.
    const session = await first.context.newCDPSession(page);
    session.send("Page.crash").catch(() => {});
    await page.waitForEvent("crash");
    const again = await open(first.context, shop.url);
    assert.equal(await shown(again, "phone"), "MUG 6");
    await first.close();
    // And the whole browser.
    const second = await browser({ profile });
    const last = await open(second.context, shop.url);
    assert.equal(await shown(last, "phone"), "MUG 6");
    await network(last, "phone", "on");
    await shows(last, "phone", "MUG 6");
    const served = await last.evaluate(() => globalThis.devices[0].cart.lines[0].quantity);
    assert.equal(served, 6);
    await second.close();
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
});

test("two tabs of one browser are one device", () =>
  inBrowser(async (page, context) => {
    const other = await open(context, shop.url);
    for (const tab of [page, other]) await network(tab, "phone", "off");
    await add(page, "phone", "MUG", 1);
    await add(other, "phone", TEE, 1);
    await add(page, "phone", "MUG", 1);
    for (const tab of [page, other]) assert.equal(await shown(tab, "phone"), `MUG 2, ${TEE} 1`);
    for (const tab of [page, other]) await network(tab, "phone", "on");
    for (const tab of [page, other]) await shows(tab, "phone", `MUG 2, ${TEE} 1`);
    assert.equal(other.wrong, undefined);
  }));

test("a flood of clicks with answers that get lost", () =>
  inBrowser(async (page) => {
    await add(page, "phone", "MUG", 1);
    await shows(page, "phone", "MUG 1");
    await network(page, "phone", "lossy");
    const more = pane(page, "phone").locator(`li[data-sku="MUG"] .more`);
    for (let n = 0; n < 40; n += 1) await more.click();
    await shows(page, "phone", "MUG 41");
    const lost = await page.locator("#timeline .lost").count();
    assert.ok(lost > 0, "no answer was lost: the test tests nothing");
    const served = await page.evaluate(() => globalThis.devices[0].cart.lines[0].quantity);
    assert.equal(served, 41);
  }));

test("an edit on one device shows on the other at once", () =>
  inBrowser(async (page) => {
    for (const name of ["phone", "laptop"]) await signIn(page, name, "live-shopper", "sum");
    await add(page, "phone", "MUG", 1);
    for (const name of ["phone", "laptop"]) await shows(page, name, "MUG 1");
    const times = await page.evaluate(async () => {
      const [phone, laptop] = globalThis.devices;
      const times = [];
      for (let n = 2; n < 32; n += 1) {
        const shown = new Promise((resolve) => {
          const look = () => {
            if (laptop.cart.lines[0].quantity !== n) return;
            laptop.removeEventListener("change", look);
            resolve(performance.now());
          };
          laptop.addEventListener("change", look);
        });
        const began = performance.now();
        phone.act({ kind: "add", list: "active", sku: "MUG", options: {}, quantity: 1, line: phone.cart.lines[0].line });
        times.push(await shown - began);
      }
      return times.sort((a, b) => a - b);
    });
    const middle = times[times.length / 2];
    console.log(`an edit on the other device: median ${middle.toFixed(1)} ms, longest ${times.at(-1).toFixed(1)} ms`);
    // A wide bound: the machine may be busy.
    assert.ok(middle < 250, `${middle} ms`);
  }));

test("saved for later, ordered, signed out: nothing is left for whoever comes next", () =>
  inBrowser(async (page) => {
    await signIn(page, "phone", "order-shopper", "sum");
    await add(page, "phone", "MUG", 2);
    await add(page, "phone", TEE, 1);
    await shows(page, "phone", `MUG 2, ${TEE} 1`);
    await pane(page, "phone").locator(`li[data-sku="TEE"] .move`).click();
    await shows(page, "phone", "MUG 2");
    assert.equal(await pane(page, "phone").locator(".saved li").count(), 1);
    await pane(page, "phone").locator(".buy").click();
    await shows(page, "phone", "");
    await pane(page, "phone").locator(".orders", { hasText: "1 ordered" }).waitFor();
    await pane(page, "phone").locator(".sign-out button").click();
    await pane(page, "phone").locator(".who", { hasText: "guest" }).waitFor();
    assert.equal(await pane(page, "phone").locator(".saved li").count(), 0);
  }));

test("by keyboard alone", () =>
  inBrowser(async (page) => {
    await pane(page, "phone").locator(".add select").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Tab");
    await page.keyboard.type("3");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await pane(page, "phone").locator(".lines li").waitFor();
    const names = await pane(page, "phone").locator(".lines button").evaluateAll((buttons) =>
      buttons.map((button) => button.getAttribute("aria-label")));
    assert.ok(names.every((name) => name?.includes("SOCKS")), String(names));
    await pane(page, "phone").locator(".fewer").focus();
    await page.keyboard.press("Enter");
    // The focus stays where it was, however often the row is shown anew.
    await page.waitForTimeout(300);
    const focused = await page.evaluate(() => document.activeElement.className);
    assert.equal(focused, "fewer");
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`on a phone's screen, ${colorScheme}`, () =>
    inBrowser(async (page) => {
      await add(page, "phone", "SOCKS (colour red)", 1);
      await shows(page, "phone", "SOCKS (colour red) 1");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      await shot(page, `phone-${colorScheme}`);
    }, { viewport: { width: 360, height: 740 }, colorScheme }));
}
