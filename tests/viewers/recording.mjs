// A recording of the page for the README: the story of 2007 from its beginning to the proof, with the reason.
//
//   node recording.mjs APICSIM FOLDER     writes frames into FOLDER/frames; `.ci/pictures` makes one picture of them
//
// It needs playwright-core and a Chromium, as `page.mjs` does.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [program, folder] = process.argv.slice(2);
const require = createRequire(join(resolve(folder), "x.js"));
const { chromium } = require("playwright-core");
const file = join(resolve(folder), "recording.html");
try {
  execFileSync(program, ["run", "nmi-stall", "--html", file]);
} catch (error) {
  if (error.status !== 1) throw error; // an expectation that does not hold is no fault of the page
}
mkdirSync(join(folder, "frames"), { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1200, height: 780 } });
await page.goto(pathToFileURL(file).href);
const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
let number = 0;
async function take() {
  await frame();
  await page.screenshot({ path: join(folder, "frames", `${String(number).padStart(3, "0")}.png`) });
  number += 1;
}
await page.keyboard.press("Home");
await take();
// Some events at a time, until the slider has come to its end.
const events = 5;
const ended = () => page.evaluate(() => document.querySelector("input[type=range]").value === document.querySelector("input[type=range]").max);
for (let step = 0; step < 400 && !(await ended()); step += 1) {
  await page.keyboard.press("ArrowRight");
  if (step % events === 0) await take();
}
await take();
await browser.close();
