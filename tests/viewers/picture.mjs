// The picture of the README: the page of the hang of 2007 as it opens.
//
//   node picture.mjs APICSIM FOLDER PICTURE

import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browse } from "./browser.mjs";

const [program, folder, picture] = process.argv.slice(2);
const file = join(resolve(folder), "picture.html");
execFileSync(program, ["run", "nmi-stall", "--html", file]);
const { open, close } = await browse(folder);
const page = await open(pathToFileURL(file).href, { width: 1100, height: 900 });
await page.screenshot({ path: picture, clip: { x: 0, y: 0, width: 1100, height: 900 } });
await close();
