// `apicsim serve` in a real browser: the form runs what is chosen and what is typed, the address is that of the run and the
// moment, what is wrong is said, and all of it can be used by everybody.
//
//   node serve.mjs APICSIM FOLDER

import assert from "node:assert";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { browse } from "./browser.mjs";

const [program, folder] = process.argv.slice(2);
const server = spawn(program, ["serve", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
const [line] = await new Promise((done) => createInterface({ input: server.stdout }).once("line", (text) => done([text])));
const place = line.split(" ")[0];
try {
  const { wrong, open, text, press, shot, accessible, close } = await browse(folder, new RegExp(`^(data:|${place})`));
  const page = await open(place);
  assert.match(await text(page, "verdict"), /PROVEN/);
  await page.locator(".run-form summary").click();
  await accessible(page);
  await shot(page, "serve");
  await page.locator("select[name=variant]").selectOption("merged");
  await page.locator("input[name=seed]").fill("3");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/run\?scenario=nmi-stall&variant=merged&seed=3/);
  assert.match(await text(page, "machine"), /merged.*seed 3/);
  await press(page, "Home", "ArrowRight");
  await page.waitForTimeout(400);
  const again = await open(page.url());
  assert.equal(await text(again, "time"), await text(page, "time"));
  await again.close();
  // Typing is not for the keys of the page.
  await page.locator(".run-form summary").click();
  await page.locator("textarea[name=text]").fill("format = 1\nname = \"n p j k\"\n");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /missing key/);
  assert.match(await page.locator("textarea[name=text]").inputValue(), /name = "n p j k"/);
  await accessible(page);
  await shot(page, "serve-refused");
  await page.close();
  const told = wrong.splice(0).filter((one) => !/400 \(Bad Request\)/.test(one)); // the browser tells the status of the refusal
  assert.deepEqual(told, []);
  await close();
} finally {
  server.kill();
}
console.log("serve: form, address, refusal");
