// From the link that the demo prints to the story of its alert, by clicks; then pictures of the main
// pages, light, dark and on a telephone. Prints one line of JSON.
//
// Environment: PAGES (http://host:port), TOKEN (set-up), OUT (folder for pictures), MODULES (folder
// with playwright-core), CHROMIUM (path of the browser).
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const { PAGES, TOKEN, OUT, MODULES, CHROMIUM } = process.env;
const { chromium } = createRequire(path.join(MODULES, 'node_modules', '_'))('playwright-core');
mkdirSync(OUT, { recursive: true });

const PASSWORD = 'correct horse battery';
const faults = [];
const pictures = [];
let clicks = 0;
let fields = 0;
let seconds = 0;

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const painter = await browser.newPage();

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`script: ${error}`));
  return page;
}

async function click(page, what) {
  clicks += 1;
  await page.click(what);
}

async function type(page, where, text) {
  fields += 1;
  await page.fill(where, text);
}

// What is in the window, as WebP, which the browser itself can make.
async function picture(page, name) {
  const png = (await page.screenshot()).toString('base64');
  const webp = await painter.evaluate(async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.8).split(',')[1];
  }, png);
  writeFileSync(path.join(OUT, `${name}.webp`), Buffer.from(webp, 'base64'));
  pictures.push(`${name}.webp`);
}

function has(page, selector, ...texts) {
  return page.waitForFunction(([selector, texts]) => {
    const found = document.querySelector(selector);
    return found && texts.every((text) => found.textContent.includes(text));
  }, [selector, texts], { timeout: 120000 });
}

try {
  const page = await open();
  const begun = Date.now();
  await page.goto(`${PAGES}/setup?token=${TOKEN}`);
  await type(page, '#f-password', PASSWORD);
  await type(page, '#f-again', PASSWORD);
  await click(page, 'main button');
  // The alert of the demo is there, under way or told.
  const sample = 'main a:has-text("Zabbix agent on Wordpress Server")';
  await page.waitForSelector(sample, { timeout: 60000 });
  await picture(page, 'web-status-live');
  await click(page, `${sample} >> nth=0`);
  // Her phone rang, she pressed the key; and why it was told.
  for (const step of ['ringing', 'acknowledged']) {
    await page.waitForSelector(`.timeline li:has-text("ana · GSM"):has-text("${step}")`, { timeout: 120000 });
  }
  await has(page, 'main', 'Wordpress Server', 'zabbix', 'It is news');
  seconds = Math.round((Date.now() - begun) / 100) / 10;
  await page.waitForSelector('section.card.row .badge.s-told', { timeout: 120000 });
  await page.evaluate(() => document.querySelector('#timeline').scrollIntoView());
  await picture(page, 'web-alert');
  // What was said can be heard again.
  await page.waitForSelector('#said');
  const said = await page.textContent('section:has(#said)');
  if (!said.includes('Zabbix agent on Wordpress Server')) faults.push(`it says: ${said}`);
  await page.evaluate(() => document.querySelector('#said ~ audio').play());
  await page.waitForFunction(() => document.querySelector('#said ~ audio').currentTime > 0.5, { timeout: 60000 });

  await page.goto(`${PAGES}/statistics`);
  await picture(page, 'web-statistics');
  const { cookies } = await page.context().storageState();
  const dark = await open({ colorScheme: 'dark', storageState: { cookies, origins: [] } });
  await dark.goto(`${PAGES}/`);
  await picture(dark, 'web-status-dark');
  const phone = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, locale: 'es-GT', colorScheme: 'dark' };
  const small = await open({ ...phone, storageState: { cookies, origins: [] } });
  await small.goto(`${PAGES}/`);
  await picture(small, 'web-phone');
  await small.goto(`${PAGES}/alerts/1`);
  await small.evaluate(() => document.querySelector('#timeline').scrollIntoView());
  await picture(small, 'web-phone-alert');
} catch (error) {
  faults.push(`stopped: ${error.message.split('\n')[0]}`);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ faults, clicks, fields, seconds, pictures }));
