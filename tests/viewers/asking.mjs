// Who asks the page gets an answer, to what was asked and in view: in a real browser, by clicks and by keys. What the answers
// say is that of docs/tutorial.md, and the instants are those of its reports.
//
//   node asking.mjs APICSIM FOLDER     writes screenshots into FOLDER

import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browse } from "./browser.mjs";

const [program, folder] = process.argv.slice(2);
const file = (name) => join(resolve(folder), name);
const address = (name, hash = "") => pathToFileURL(file(name)).href + hash;
for (const [name, ...options] of [["asked.html", "nmi-stall"], ["asked-both.html", "nmi-stall", "--compare", "variant=merged"], ["asked-well.html", "normal-dispatch"]]) {
  execFileSync(program, ["run", ...options, "--html", file(name)], { stdio: "ignore" });
}
const { open, frame, text, press, shot, accessible, fits, close } = await browse(folder);
const INSTANT = /^\d+(\.\d{1,6})? µs$/;

// A slot asks about the bit that holds it, and no cell, of whatever kind, has an object for its text.
{
  const page = await open(address("asked.html"));
  await page.getByRole("button", { name: /^IRR bit FB of CPU2/ }).click();
  await frame(page);
  assert.match(await text(page, "why"), /Why is IRR bit FB of CPU2 1\?[^]*FIXED FB from CPU3 delivered to CPU2[^]*the root/);
  const wrong = await page.evaluate(async () => {
    const [cells, found] = [JSON.parse(document.getElementById("run-0").textContent).cells, []];
    for (let cell = 0; cell < cells.length; cell += 1) {
      location.hash = `#taken=120&cell=${cell}`;
      await new Promise((done) => window.addEventListener("hashchange", () => requestAnimationFrame(() => requestAnimationFrame(done)), { once: true }));
      const said = document.getElementById("why").textContent;
      if (/\[object|undefined|NaN/.test(said) || !said.startsWith("Why")) found.push([...cells[cell], said]);
    }
    return found;
  });
  assert.deepEqual(wrong, []);
  await page.close();
}

// The ICR: its fields are buttons, and "send pending" leads to what fills the class that refuses.
for (const [width, height] of [[1400, 900], [400, 800]]) {
  const page = await open(address("asked.html"), { width, height });
  const because = [/CPU0's ICR is busy since 40\.21 µs: FIXED FC to logical 04/, /the bus carries it again and again: Retry every 1\.26 µs/,
    /CPU2's class F is full: FB in IRR from CPU3 at 21\.54 µs, FD in IRR from CPU1 at 11\.64 µs/, /CPU2 has interrupts off since 5\.05 µs/];
  for (const [name, asks] of [[/^ICR of CPU0: 000018FC/, "Why is ICR of CPU0 000018FC?"], [/^delivery status send pending, in ICR of CPU0/, "Why is delivery status in ICR of CPU0 “send pending”?"]]) {
    const button = page.locator("#cpus").getByRole("button", { name });
    await button.scrollIntoViewIfNeeded();
    const before = await button.boundingBox();
    await button.click();
    await frame(page);
    const why = await text(page, "why");
    assert.ok(why.startsWith(asks), why);
    for (const sentence of because) assert.match(why, sentence);
    // What was clicked is where it was, marked and focused, and the answer is in view.
    const after = await button.boundingBox();
    if (width > 1000) assert.ok(Math.abs(after.y - before.y) < 1, `${name} at ${width}`);
    assert.ok(await button.evaluate((one) => {
      const { left, top, width: wide, height: high } = one.getBoundingClientRect();
      return one.contains(document.elementFromPoint(left + wide / 2, top + high / 2)); // the answer does not cover it
    }), `${name} at ${width} is covered`);
    assert.match(await button.getAttribute("class"), /asked/);
    assert.ok(await button.evaluate((one) => one === document.activeElement));
    const answer = await page.locator("#why h3").first().boundingBox();
    assert.ok(answer.y >= 0 && answer.y + answer.height <= height, `the answer at ${answer.y} of ${height}`);
  }
  // The rest of the register was written, and nothing but that is to be told.
  await page.locator("#cpus").getByRole("button", { name: /^vector FC, in ICR of CPU0/ }).click();
  await frame(page);
  assert.match(await text(page, "why"), /^Why is vector in ICR of CPU0 “FC”\?\s+1?\.?\s*40\.21 µs CPU0 write ICR = 000008FC/);
  await page.waitForTimeout(400);
  const again = await open(page.url(), { width, height });
  assert.match(await text(again, "why"), /^Why is vector in ICR of CPU0/);
  await again.close();
  const scrolled = await page.evaluate(() => window.scrollY);
  await page.getByRole("button", { name: "Clear the question" }).click();
  await frame(page);
  assert.ok(scrolled > 0 && Math.abs((await page.evaluate(() => window.scrollY)) - scrolled) < 2, "clearing moves nothing");
  assert.match(await text(page, "why"), /Why CPU0 waits/);
  await fits(page, `asked, ${width}`);
  await page.close();
}

// The lanes: instants are whole picoseconds; an arrow answers for its message; elsewhere the question is over.
{
  const page = await open(address("asked.html"));
  const lanes = page.locator("#lanes");
  const { width, height } = await lanes.boundingBox();
  for (let x = 90; x < width; x += 37) {
    await lanes.click({ position: { x, y: 60 } });
    await frame(page);
    assert.match(await text(page, "time"), INSTANT);
  }
  // A span in which a CPU waits answers with what it waits for, and so does the verdict.
  await lanes.click({ position: { x: width - 100, y: 60 } });
  await frame(page);
  assert.match(await text(page, "why"), /^Why does CPU0 wait\?[^]*waits for its ICR since 62\.218 µs[^]*CPU2's class F is full[^]*CPU2 has interrupts off/);
  await press(page, "End");
  await page.locator("#now").getByRole("button", { name: "Why did this happen?" }).click();
  await frame(page);
  assert.match(await text(page, "why"), /^Why did this happen\?[^]*Why CPU0 waits[^]*Why CPU2 waits/);
  await page.evaluate(() => window.scrollTo(0, 0));
  // The cross: what is refused ends in the lane of the bus, and is the last that can be clicked there.
  const found = () => lanes.evaluate((canvas) => {
    const { left, top, width: wide, height: high } = canvas.getBoundingClientRect();
    for (let x = wide - 60; x > wide / 2; x -= 3) {
      for (let y = high - 60; y < high; y += 3) {
        canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: left + x, clientY: top + y, bubbles: true }));
        if (canvas.style.cursor === "pointer") return { x, y };
      }
    }
    return null;
  });
  const cross = await found();
  assert.ok(cross, "an arrow in the lane of the bus");
  await lanes.click({ position: cross });
  await frame(page);
  const why = await text(page, "why");
  assert.match(why, /^What became of FIXED FC of CPU0 to logical 04 at CPU2, and why\?[^]*retried[^]*it is still under way[^]*Retry every 1\.26 µs[^]*CPU2's class F is full[^]*asks the bus to send FIXED FC[^]*the root/);
  assert.match(await text(page, "time"), INSTANT);
  await page.waitForTimeout(400);
  const again = await open(page.url());
  assert.equal(await text(again, "why"), why);
  assert.equal(await again.locator("#messages .asked").count(), 1);
  await again.close();
  await shot(page, "asked-arrow");
  await accessible(page);
  await lanes.click({ position: { x: 400, y: height - 2 } });
  await frame(page);
  assert.doesNotMatch(await text(page, "why"), /What became of/);
  // An event that was asked about is named, and that the cursor is elsewhere.
  await page.locator("#now").getByRole("button", { name: "Why did this happen?" }).click();
  await press(page, "ArrowRight");
  assert.match(await text(page, "why"), /^Why did this happen\?\s+[\d.]+ µs \S+ [^]*The cursor is elsewhere, at [\d.]+ µs\./);
  await page.close();
}

// The keys of a dialog are its own, and Escape closes it.
{
  const page = await open(address("asked.html"));
  const isOpen = () => page.evaluate(() => document.getElementById("help").open);
  for (const closes of ["Escape", "?"]) {
    await press(page, "?");
    assert.ok(await isOpen());
    await press(page, closes);
    assert.ok(!(await isOpen()), closes);
  }
  await page.getByRole("button", { name: "Keys" }).click();
  await page.mouse.click(5, 400);
  assert.ok(!(await isOpen()), "a click beside it");
  const before = await text(page, "time");
  await press(page, "Home");
  assert.notEqual(await text(page, "time"), before);
  // Escape ends a question, too.
  await press(page, "ArrowRight", "w");
  assert.match(await text(page, "why"), /Why did this happen/);
  await press(page, "Escape");
  assert.doesNotMatch(await text(page, "why"), /Why did this happen/);
  await page.close();
}

// From message to message, there and back; and the source is that of the CPU whose event it is.
{
  const page = await open(address("asked.html", "#taken=0"));
  const expected = [
    ["CPU1", "asks the bus to send FIXED FD"], ["bus", "FIXED FD from CPU1 delivered to CPU2"], ["CPU3", "asks the bus to send FIXED FB"],
    ["bus", "FIXED FB from CPU3 delivered to CPU0"], ["bus", "FIXED FB from CPU3 delivered to CPU1"], ["bus", "FIXED FB from CPU3 delivered to CPU2"],
    ["CPU0", "asks the bus to send FIXED FC"], ["bus", "Retry"],
  ];
  const said = [];
  for (const [who, what] of expected) {
    await press(page, ".");
    const line = (await text(page, "now")).split("\n")[0];
    said.push(line);
    assert.ok(line.startsWith(who) && line.includes(what), `${line} is not ${who} ${what}`);
    if (who !== "bus") assert.match(await text(page, "h-source"), new RegExp(`^Source of ${who}:`));
  }
  assert.equal(await page.locator("#cpu").inputValue(), "0"); // nobody has chosen another one to follow
  for (const line of said.slice(0, -1).reverse()) {
    await press(page, ",");
    assert.equal((await text(page, "now")).split("\n")[0], line);
  }
  await page.getByRole("button", { name: "the next message" }).click();
  await frame(page);
  assert.equal((await text(page, "now")).split("\n")[0], said[1]);
  // Who takes a CPU to follow has its source.
  await press(page, "]");
  assert.match(await text(page, "h-source"), /^Source of CPU1:/);
  await page.close();
}

// What is said of this run and of no other: the legend, the crash, when a lock was taken, both verdicts.
{
  const page = await open(address("asked.html"));
  const legend = async (of) => (await of.locator("#legend > span").allInnerTexts()).map((one) => one.replace(/\s+/g, " ").trim());
  assert.deepEqual(await legend(page), ["code", "a handler", "the NMI handler", "waits or spins", "HLT", "interrupts off", "a bus has a message", "▶ taken", "○ pending", "× retried", "∞ so for ever: proven"]);
  assert.match(await text(page, "h-source"), /the crash by SysRq-C \(handler of 39\): waits for its ICR/);
  assert.match(await page.locator("#words tr", { hasText: "run-queue lock of CPU2" }).innerText(), /by CPU2 at 5\.05 µs \(answered at 5\.15 µs\)/);
  await page.close();
  const well = await open(address("asked-well.html"));
  const of = await legend(well);
  assert.ok(of.includes("▶ taken") && !of.some((one) => /∞|×|NMI/.test(one)), `${of}`);
  await well.close();
  const both = await open(address("asked-both.html"));
  assert.match(await text(both, "verdict"), /^A, i386\/default, before: PROVEN: it hangs for ever[^]*\nB, i386\/default, merged: The run has reached its goal, after 1 wait that timed out; CPU2 is not stopped\.$/);
  await fits(both, "both verdicts");
  await shot(both, "asked-both");
  await both.close();
}

await close();
console.log("asking: cells, fields, arrows, dialogs, messages, legends");
