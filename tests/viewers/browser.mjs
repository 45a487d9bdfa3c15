// What all tests in the browser need: a page must say nothing in the console and ask for nothing outside of its place.

import assert from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** A browser, with the packages that `.ci/viewers` has put into `folder`. `allowed`: addresses that may be asked for. */
export async function browse(folder, allowed = /^(file|data):/) {
  const require = createRequire(join(resolve(folder), "x.js"));
  const { chromium } = require("playwright-core");
  const axe = readFileSync(require.resolve("axe-core"), "utf8");
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  const wrong = [];
  const frame = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return {
    wrong,
    frame,
    async open(address, { width = 1400, height = 900, colorScheme = "light" } = {}) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      page.on("console", (message) => wrong.push(`${address}: ${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => wrong.push(`${address}: ${error.stack}`));
      page.on("request", (request) => {
        if (!allowed.test(request.url())) wrong.push(`${address} asks for ${request.url()}`);
      });
      await page.goto(address);
      await frame(page);
      return page;
    },
    text: (page, id) => page.locator(`#${id}`).innerText(),
    async press(page, ...keys) {
      for (const key of keys) await page.keyboard.press(key);
      await frame(page);
    },
    shot: (page, name) => page.screenshot({ path: join(folder, `${name}.png`), fullPage: true }),
    /** Names, contrast, structure, in both themes. */
    async accessible(page) {
      await page.evaluate(axe);
      for (const scheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: scheme });
        const { violations } = await page.evaluate(() => window.axe.run());
        const told = violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
        assert.deepEqual(told, [], scheme);
      }
      await page.emulateMedia({ colorScheme: "light" });
    },
    /** Nothing is wider than the screen. */
    async fits(page, of) {
      const [inner, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(inner <= screen, `${of}: ${inner} in ${screen}`);
    },
    async close() {
      await browser.close();
      assert.deepEqual(wrong, []);
    },
  };
}
