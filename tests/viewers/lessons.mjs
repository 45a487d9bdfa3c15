// The course in a real browser: the index leads to every lesson, each goes from step to step by the keyboard, a prediction is
// graded, and all of it can be used by everybody.
//
//   node lessons.mjs APICSIM FOLDER     writes screenshots into FOLDER

import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browse } from "./browser.mjs";

const [program, folder] = process.argv.slice(2);
const course = join(resolve(folder), "course");
execFileSync(program, ["demo", "--html", course]);
const address = (name) => pathToFileURL(join(course, name)).href;
const { open, text, press, shot, frame, accessible, fits, close } = await browse(folder);

const index = await open(address("index.html"));
const links = await index.locator("main a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
assert.ok(links.length >= 12, `${links}`);
await accessible(index);
await shot(index, "course");
await index.locator("main a").first().click();
await index.waitForSelector("#lesson-part:not([hidden])");
await index.close();

for (const link of links) {
  const page = await open(address(link));
  const steps = Number((await text(page, "lesson-place")).match(/of (\d+)/)[1]);
  assert.ok(steps >= 5, `${link}: ${steps} steps`);
  const told = new Set();
  for (let step = 1; step <= steps; step += 1) {
    assert.match(await text(page, "lesson-place"), new RegExp(`^step ${step} of`));
    told.add(`${await text(page, "lesson-text")} ${await text(page, "lesson-question")}`);
    if (step < steps) await press(page, "j");
  }
  assert.equal(told.size, steps, `${link}: every step says something else`);
  assert.ok(await page.locator("#lesson-next").isDisabled());
  await press(page, "k");
  assert.match(await text(page, "lesson-place"), new RegExp(`^step ${steps - 1} of`));
  await page.close();
}

// The hang: a wrong prediction and a right one.
{
  const page = await open(address("hang-of-2007.html"));
  await shot(page, "lesson");
  await accessible(page);
  await press(page, "j");
  // Nothing on the page says what comes: not the verdict, not what becomes of messages.
  assert.doesNotMatch(await page.locator("body").innerText(), /PROVEN|retried at|pending at|: hung/);
  await page.locator("#lesson-reveal").click();
  await frame(page);
  assert.match(await page.locator("body").innerText(), /PROVEN[\s\S]*retried at CPU2/);
  await page.locator("#lesson-reveal").click();
  assert.match(await text(page, "time"), /^10.416/);
  assert.match(await text(page, "lesson-question"), /What does the bus do with FIXED FD/);
  // By the keyboard alone: to the answers, one of them, the button.
  await page.locator("#lesson-question input").first().focus();
  await press(page, "ArrowDown", "ArrowUp", "Tab", "Enter");
  assert.match(await text(page, "lesson-question"), /Right\. The interrupt flag is the core's affair/);
  assert.match(await text(page, "lesson-place"), /1 of 1 right/);
  await press(page, "Enter"); // the focus is on the next step
  assert.match(await text(page, "lesson-place"), /^step 3 of/);
  await press(page, "j", "j", "j");
  await page.locator("#lesson-question label", { hasText: "It is kept beside FD and FB" }).click();
  await page.locator("#lesson-question button").click();
  await frame(page);
  assert.match(await text(page, "lesson-question"), /Not so\.[\s\S]*It is: It is refused, and the bus says Retry/);
  await accessible(page);
  await shot(page, "lesson-graded");
  // The second run is the other one of the page.
  const last = Number((await text(page, "lesson-place")).match(/of (\d+)/)[1]);
  for (let step = 6; step < last - 3; step += 1) await press(page, "j");
  assert.match(await text(page, "machine"), /merged/);
  // The address is that of the step.
  await page.waitForTimeout(400);
  const again = await open(page.url());
  assert.equal(await text(again, "lesson-place").then((said) => said.split(";")[0]), await text(page, "lesson-place").then((said) => said.split(";")[0]));
  await again.close();
  await page.close();
}
for (const [name, options] of [["lesson-narrow", { width: 380, height: 800, colorScheme: "dark" }], ["lesson-zoomed", { width: 700, height: 450 }]]) {
  const page = await open(address("priority-and-slots.html"), options);
  await press(page, "j", "j");
  await fits(page, name);
  await shot(page, name);
  await page.close();
}
await close();
console.log(`the course: ${links.length} lessons, no error, nothing asked for outside`);
