// What a class does with the page, in a real browser: a notebook that the address keeps, the run without one event beside the one
// with it, and the page inside of another one. And pages of odd runs: hostile names, one CPU, many, one that was ended early,
// one with nothing in it.
//
//   node moments.mjs APICSIM FOLDER     writes screenshots into FOLDER

import assert from "node:assert";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browse } from "./browser.mjs";

const [program, folder] = process.argv.slice(2);
const file = (name) => join(resolve(folder), name);
const address = (name, hash = "") => pathToFileURL(file(name)).href + hash;
function make(name, ...options) {
  try {
    execFileSync(program, ["run", ...options, "--html", file(name)], { stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    assert.ok([1, 5].includes(error.status), `${options}: ${error}`); // an expectation that does not hold, and a run that was ended, are no faults of the page
  }
}
const { open, frame, text, press, shot, accessible, fits, close } = await browse(folder);
make("hang.html", "nmi-stall");

// The notebook, by the keyboard alone.
{
  const page = await open(address("hang.html", "#taken=70&cpu=2"));
  await press(page, "m");
  await page.keyboard.type("here p, n and j are letters: <b>why?</b> *so*");
  await press(page, "Tab", "Enter");
  assert.match(await text(page, "notes"), /CPU2: here p, n and j are letters: <b>why\?<\/b> \*so\*/);
  await page.locator("#h-notebook").click();
  await press(page, "End", "m");
  await page.keyboard.type("the end");
  await press(page, "Tab", "Enter");
  await page.waitForTimeout(400);
  const again = await open(page.url());
  assert.equal(await again.locator("#notes li").count(), 2);
  await again.locator("#notes .jump").first().click();
  await frame(again);
  assert.match(await text(again, "now"), /event 70 of/);
  await again.locator("#notebook-more summary").click();
  const markdown = await again.locator("#markdown").inputValue();
  assert.match(markdown, /^# Notebook\n\nnmi-stall: i386\/default[^]*## [\d.]+ µs, CPU2\n\nhere p, n and j are letters: &lt;b>why\?&lt;\/b> \*so\*\n\n> [^]*\(event 70 of \d+\)[^]*the end/);
  const [saved] = await Promise.all([again.waitForEvent("download"), again.locator("#save-notes").click()]);
  assert.equal(saved.suggestedFilename(), "notebook.md");
  assert.equal(readFileSync(await saved.path(), "utf8"), markdown);
  await accessible(again);
  await shot(again, "notebook");
  await again.getByRole("button", { name: "remove note 1" }).click();
  await frame(again);
  assert.equal(await again.locator("#notes li").count(), 1);
  await again.close();
  await page.close();
}

// Without one event: a file says what makes the page of both, and that page marks the difference.
{
  const page = await open(address("hang.html"));
  const first = page.locator("#without li", { hasText: "corrupt-run-queue" });
  await first.getByRole("button").click();
  const command = await first.locator("code").innerText();
  assert.match(command, /^apicsim replay \S+ --html both\.html --compare 'event\.\d+\.only=\[\]'$/);
  await accessible(page);
  await shot(page, "what-if");
  const path = command.match(/--compare '([^']*)'/)[1];
  await page.close();
  make("without.html", "nmi-stall", "--compare", path);
  const both = await open(address("without.html"));
  assert.match(await text(both, "without"), /corrupt-run-queue \(not in B\)/);
  assert.match(await text(both, "verdict"), /PROVEN/);
  await press(both, "f");
  const [with_it, at] = [await text(both, "now"), await text(both, "time")];
  await press(both, "r");
  assert.equal(await text(both, "time"), at);
  assert.notEqual((await text(both, "now")).split("\n")[0], with_it.split("\n")[0], "there they differ");
  assert.match(await text(both, "verdict"), /reached its goal/);
  await shot(both, "without");
  await both.close();
}

// The page in a course page: it is asked, and answers; it does not answer what is none of its messages, nor other windows.
{
  const course = `<!DOCTYPE html><html lang="en"><title>A course</title><main><h1>A course</h1>
    <iframe id="run" title="a run" width="1000" height="600" src="hang.html"></iframe><iframe id="other" title="another window" src="about:blank"></iframe></main>`;
  writeFileSync(file("course-page.html"), course);
  const page = await open(address("course-page.html"));
  await page.waitForFunction(() => document.getElementById("run").contentWindow.length === 0);
  await page.evaluate(() => {
    window.answers = [];
    window.addEventListener("message", (event) => window.answers.push(event.data));
    window.ask = (data) => document.getElementById("run").contentWindow.postMessage(data, "*");
    window.answered = async (id) => {
      for (let turn = 0; turn < 200; turn += 1) {
        const found = window.answers.find((answer) => answer.id === id);
        if (found) return found;
        await new Promise((done) => setTimeout(done, 10));
      }
      return null;
    };
  });
  const asked = (data) => page.evaluate(async (data) => { window.ask({ apicsim: 1, ...data }); return window.answered(data.id); }, data);
  const { state } = await asked({ id: "s", ask: "state" });
  assert.equal(state.scenario, "nmi-stall");
  assert.deepEqual([state.taken, state.verdict, state.cpus], [state.events, "hung", 4]);
  assert.equal((await asked({ id: 1, ask: "go", taken: 70 })).state.taken, 70);
  assert.equal((await asked({ id: 2, ask: "step", count: -2 })).state.taken, 68);
  assert.deepEqual((await asked({ id: 3, ask: "select", cpu: 2, event: 5 })).state.asked, { event: 5 });
  assert.match((await asked({ id: 4, ask: "go", taken: 1e9 })).error, /taken/);
  assert.match((await asked({ id: 5, ask: "alert" })).error, /ask is one of/);
  const inside = page.frames().find((one) => one.url().endsWith("hang.html") || one.url().includes("hang.html#"));
  await inside.waitForFunction(() => document.getElementById("why").textContent.includes("Why did this happen?"));
  // Others, and nonsense.
  const before = await page.evaluate(() => window.answers.length);
  await page.evaluate(async () => {
    const inner = document.getElementById("run").contentWindow;
    for (const data of [null, 1, "go", [], {}, { apicsim: 2, ask: "go", taken: 1 }, { ask: "go", taken: 1 }, new Map([["apicsim", 1]]), new ArrayBuffer(8)]) inner.postMessage(data, "*");
    const script = document.getElementById("other").contentDocument.createElement("script");
    script.textContent = "parent.frames[0].postMessage({ apicsim: 1, id: 'theirs', ask: 'go', taken: 1 }, '*')";
    document.getElementById("other").contentDocument.body.append(script);
    await new Promise((done) => setTimeout(done, 200));
  });
  await inside.evaluate(() => window.postMessage({ apicsim: 1, id: "own", ask: "go", taken: 1 }, "*"));
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => window.answers.length), before);
  assert.equal((await asked({ id: 6, ask: "state" })).state.taken, 68);
  await shot(page, "embedded");
  await page.close();
}

// Odd runs: each opens, steps and can be used by everybody.
{
  const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
  const scenario = (cpus, story, steps = "delay 10us\nreach there") => `format = 1\nname = '${story}'\nstory = '${story}'\ngoal = "reach:there"\n[machine]\ncpus = ${cpus}\n[[event]]\nat_us = 0\ncpu = 0\nsteps = """\n${steps}\n"""\n`;
  writeFileSync(file("one.toml"), scenario(1, "One CPU."));
  writeFileSync(file("hostile.toml"), scenario(2, hostile));
  writeFileSync(file("many.toml"), scenario(255, "Many.", "wrmsr X2:ICRL 0x500000041\ndelay 10us\nreach there").replace("cpus = 255", "cpus = 255\narch = \"modern/x2apic-phys\"") + "[[handler]]\ncpus = [5]\non = 0x41\nsteps = \"pause\"\n");
  make("one.html", file("one.toml"));
  make("hostile.html", file("hostile.toml"));
  make("many.html", file("many.toml"));
  make("early.html", "nmi-stall", "--max-events", "40");
  make("none.html", "nmi-stall", "--max-events", "0");
  for (const [name, view] of [["one", {}], ["hostile", { width: 380, height: 800 }], ["many", { colorScheme: "dark" }], ["early", { width: 700, height: 450 }], ["none", {}]]) {
    const page = await open(address(`${name}.html`), view);
    await press(page, "Home", "ArrowRight", "ArrowRight", "4", "ArrowRight", "3", "ArrowRight", "2", "ArrowLeft", "1", "End", "w", "+", "+", "0", "g", "]", "[");
    await fits(page, name);
    await accessible(page);
    await shot(page, `odd-${name}`);
    await page.close();
  }
}

// Through `apicsim serve` the button runs it.
await close();
{
  const server = spawn(program, ["serve", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await new Promise((done) => createInterface({ input: server.stdout }).once("line", (text) => done([text])));
  const place = line.split(" ")[0];
  try {
    const served = await browse(folder, new RegExp(`^(data:|${place})`));
    const page = await served.open(place);
    await page.locator("#without li", { hasText: "corrupt-run-queue" }).getByRole("button").click();
    await page.waitForURL(/without=event\.\d+/);
    await served.frame(page);
    assert.match(await served.text(page, "without"), /not in B/);
    await served.press(page, "f", "r");
    assert.match(await served.text(page, "verdict"), /reached its goal/);
    await served.accessible(page);
    await served.close();
  } finally {
    server.kill();
  }
}
console.log("moments: notebook, without one event, embedded, odd runs");
