// The pictures in the manual: `npm run manual` makes them anew.

import { fileURLToPath } from "node:url";
import { add, browser, network, open, pane, serve, shows, signIn } from "./shop.js";

const TEE = "TEE (size M)";
const picture = (name) => fileURLToPath(new URL(`../../crates/service/src/${name}.png`, import.meta.url));
const shop = await serve("--device-rate", "100000", "--shopper-rate", "100000");

async function pictured(options, work) {
  const { context, close } = await browser(options);
  try {
    await work(await open(context, shop.url));
  } finally {
    await close();
  }
}

try {
  await pictured({ viewport: { width: 1180, height: 860 } }, async (page) => {
    await signIn(page, "laptop", "ann", "sum");
    await add(page, "laptop", TEE, 2);
    await shows(page, "laptop", `${TEE} 2`);
    await network(page, "laptop", "off");
    await add(page, "phone", TEE, 3);
    await add(page, "phone", "MUG", 1);
    await add(page, "laptop", TEE, 2);
    await shows(page, "phone", `MUG 1, ${TEE} 3`);
    await page.screenshot({ path: picture("page-at-work") });
    await signIn(page, "phone", "ann", "max");
    await network(page, "laptop", "on");
    for (const name of ["phone", "laptop"]) await shows(page, name, `MUG 1, ${TEE} 4`);
    const line = pane(page, "phone").locator(`li[data-sku="TEE"]`);
    await line.locator(".why").click();
    await line.locator(".told p").first().waitFor();
    await line.screenshot({ path: picture("page-why-four") });
  });
  const phone = { viewport: { width: 390, height: 780 }, colorScheme: "dark" };
  await pictured(phone, async (page) => {
    await add(page, "phone", TEE, 2);
    await add(page, "phone", "MUG", 1);
    await shows(page, "phone", `MUG 1, ${TEE} 2`);
    await page.screenshot({ path: picture("page-on-a-phone") });
  });
} finally {
  await shop.stop();
}
