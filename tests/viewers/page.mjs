// The page in a real browser: it loads without an error and without asking for anything outside, steps forward and back, asks
// why, compares, obeys the keyboard, and is usable narrow, dark and printed. Pages come from the program, which is given.
//
//   node page.mjs APICSIM FOLDER     writes screenshots into FOLDER
//
// It needs playwright-core, axe-core and a Chromium: `.ci/viewers` installs them.

import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browse } from "./browser.mjs";

const [program, folder] = process.argv.slice(2);
const file = (name) => join(resolve(folder), `${name}.html`);
function make(name, ...options) {
  try {
    execFileSync(program, ["run", ...options, "--html", file(name)]);
  } catch (error) {
    assert.equal(error.status, 1, `${options}: ${error}`); // an expectation that does not hold is no fault of the page
  }
}
make("hang", "nmi-stall");
make("compare", "nmi-stall", "--compare", "variant=merged");
make("x2apic", "normal-dispatch", "--arch", "modern/x2apic-cluster", "--cpus", "24");

const { open: openAddress, frame, text, press, shot, accessible, fits, close } = await browse(folder);
const open = (name, hash = "", view = {}) => openAddress(pathToFileURL(file(name)).href + hash, view);

// The hang: it opens at the verdict, with the reason.
{
  const page = await open("hang");
  assert.match(await text(page, "verdict"), /PROVEN: it hangs for ever/);
  assert.match(await text(page, "why"), /Why CPU0 waits/);
  await shot(page, "wide");
  // The keyboard: to the beginning, forward and back again.
  await press(page, "Home");
  const seen = [];
  for (let step = 0; step < 20; step += 1) {
    seen.push(await text(page, "now"));
    await press(page, "ArrowRight");
  }
  for (let step = 19; step >= 0; step -= 1) {
    await press(page, "ArrowLeft");
    const [now, then] = [await text(page, "now"), seen[step]];
    assert.equal(now.split("\n")[0], then.split("\n")[0], `step ${step}`);
  }
  // Bus cycles of 60 ns.
  await press(page, "3", "ArrowRight");
  assert.equal(await text(page, "time"), "0.06 µs");
  await press(page, "ArrowRight", "ArrowLeft");
  assert.equal(await text(page, "time"), "0.06 µs");
  // A sentence of the chain is a jump to its moment, and the address is that of the moment.
  await press(page, "1", "End");
  await page.locator("#why .jump", { hasText: "40.21 µs" }).first().click();
  await frame(page);
  assert.equal(await text(page, "time"), "40.21 µs");
  await page.waitForTimeout(400);
  const again = await open("hang", new URL(page.url()).hash);
  assert.equal(await text(again, "time"), "40.21 µs");
  await again.close();
  // A bit: who set it.
  await press(page, "End", "]", "]");
  await page.locator("#cpus .bits .ask", { hasText: "FD" }).first().click();
  await frame(page);
  const why = await text(page, "why");
  assert.match(why, /Why is IRR bit FD of CPU2 1\?/);
  assert.match(why, /delivered to CPU2[\s\S]*CPU1 asks the bus to send FIXED FD[\s\S]*the root/);
  await shot(page, "why-a-bit");
  // Pointing at a lane.
  await page.locator("#lanes").click({ position: { x: 400, y: 60 } });
  await frame(page);
  assert.notEqual(await text(page, "time"), "5031.148 µs");
  // Zoom, both axes, play and stop.
  await press(page, "+", "+", "g", "0", "g", "Home", " ");
  await page.waitForTimeout(700);
  await press(page, " ");
  assert.ok(Number(await page.locator("#scrub").inputValue()) >= 2);
  await accessible(page);
  await page.emulateMedia({ media: "print" });
  await shot(page, "print");
  await page.pdf({ path: join(folder, "print.pdf") });
  await page.close();
}

// Narrow and dark: nothing is wider than the screen.
for (const [name, options] of [["narrow", { width: 380, height: 800, colorScheme: "dark" }], ["zoomed", { width: 700, height: 450 }]]) {
  const page = await open("hang", "#taken=70&cpu=2", options);
  await fits(page, name);
  await shot(page, name);
  await page.close();
}

// Two runs on one axis.
{
  const page = await open("compare");
  await press(page, "f");
  const first = await text(page, "time");
  assert.match(first, /^62\./); // the crash
  await press(page, "r");
  assert.match(await text(page, "machine"), /merged/);
  assert.equal(await text(page, "time"), first);
  await shot(page, "compare");
  await page.close();
}

// Many CPUs.
{
  const page = await open("x2apic", "", { colorScheme: "dark" });
  await shot(page, "many");
  await page.close();
}

await close();
console.log(`the page: 4 pages, screenshots in ${folder}`);
