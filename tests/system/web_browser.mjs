// Drives a real browser through the administration of a running demo: set-up, login with a second
// factor, a person, the sample alert live to "acknowledged", a tried mail that is heard, a setting with
// a fault, a template that is heard, the self-test, roles, a telephone's width, dark, Spanish. axe-core looks at every page. Prints one line of JSON.
//
// Environment: PAGES (http://host:port), TOKEN (set-up), SMTP (port), OUT (folder for pictures),
// MODULES (folder with playwright-core and axe-core), CHROMIUM (path of the browser).
import { createHmac } from 'node:crypto';
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createConnection } from 'node:net';
import path from 'node:path';

const { PAGES, TOKEN, SMTP, OUT, MODULES, CHROMIUM } = process.env;
const load = createRequire(path.join(MODULES, 'node_modules', '_'));
const { chromium } = load('playwright-core');
const axe = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(OUT, { recursive: true });

const PASSWORD = 'correct horse battery';
const faults = [];
const weights = {};

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required'],
});
const desk = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

async function fresh(options = {}) {
  const context = await browser.newContext({ viewport: desk, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`script: ${error}`));
  return page;
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}

// Evaluated in the page by the protocol, which the policy against inline scripts does not forbid.
async function look(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  must(found.passes.length > 10, `${name}: axe-core saw ${found.passes.length} rules`);
  for (const violation of found.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.target.join(' ')).join('; ');
    faults.push(`axe ${name}: ${violation.impact} ${violation.id}: ${where}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 1) faults.push(`${name}: ${wide} px wider than the window`);
}

async function picture(page, name) {
  await page.screenshot({ path: path.join(OUT, `${name}.png`), fullPage: true });
}

async function visit(page, address, name, shown = true) {
  const answer = await page.goto(PAGES + address);
  must(answer.status() === 200, `${address}: ${answer.status()}`);
  const bytes = await page.evaluate(() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((sum, entry) => sum + entry.encodedBodySize, 0));
  weights[address] = bytes;
  if (bytes > 150000) faults.push(`${address}: ${bytes} bytes`);
  await look(page, name);
  if (shown) await picture(page, name);
}

// RFC 6238, as a telephone does it.
function code(secret, seconds) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
  const tag = createHmac('sha1', key).update(counter).digest();
  const at = tag[19] & 15;
  return String((tag.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

async function logIn(page, name) {
  await page.goto(`${PAGES}/login`);
  await page.fill('#f-name', name);
  await page.fill('#f-password', PASSWORD);
  await page.click('main button');
}

// A mail by SMTP.
function send(subject, body) {
  const lines = ['EHLO test', 'MAIL FROM:<zabbix@smtp.appliance>', 'RCPT TO:<ana@smtp.appliance>', 'DATA',
    `From: zabbix@smtp.appliance\r\nSubject: ${subject}\r\n\r\n${body}\r\n.`, 'QUIT'];
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(SMTP), '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data;
      if (/^\d{3} .*\r\n$/m.test(text)) {
        if (/^[45]\d\d /m.test(text)) return reject(new Error(text));
        text = '';
        if (lines.length) socket.write(`${lines.shift()}\r\n`);
      }
    });
    socket.on('end', resolve);
    socket.on('error', reject);
  });
}

try {
  // The first start.
  const page = await fresh();
  await page.goto(`${PAGES}/`);
  must(page.url().includes('/setup'), 'the first start is not shown');
  await look(page, 'setup');
  await page.goto(`${PAGES}/setup?token=${TOKEN}`);
  await page.fill('#f-password', PASSWORD);
  await page.fill('#f-again', PASSWORD);
  await picture(page, 'setup');
  await page.click('main button');
  must(page.url() === `${PAGES}/`, `after set-up: ${page.url()}`);

  // A second factor, and a login with it.
  await visit(page, '/account', 'account');
  const secret = await page.inputValue('input[name=secret]');
  const now = Date.now() / 1000;
  await page.fill('form[action="/account/totp/on"] #f-code', code(secret, now));
  await page.fill('form[action="/account/totp/on"] #f-now', PASSWORD);
  await page.click('form[action="/account/totp/on"] button');
  await logIn(page, 'admin');
  await look(page, 'code');
  await page.fill('#f-code', code(secret, now + 30));
  await page.click('main button');
  must(page.url() === `${PAGES}/`, 'the second factor was not taken');

  // A person, checked while she is typed.
  await visit(page, '/people/new', 'person');
  await page.fill('#f-name', 'eva');
  await page.fill('#f-phone', 'nonsense');
  await page.waitForSelector('#checked .error');
  await page.fill('#f-phone', '+34 600 000 003');
  await page.waitForSelector('#checked .diff .add');
  await look(page, 'person with a difference');
  await picture(page, 'person');
  await page.click('form[action="/people/save"] button');
  must((await page.textContent('main')).includes('Changed and taken up'), 'the person was not added');

  // An alert comes in while the status is looked at.
  await visit(page, '/', 'status', false);
  await send('Problem: UPS on battery in rack-1', 'Host: rack-1\r\nSeverity: High');
  await page.waitForSelector('text=UPS on battery', { timeout: 20000 });
  await page.waitForSelector('.going .now', { timeout: 60000 });
  await picture(page, 'status-live');
  await page.click('.going a');
  await page.waitForSelector('.timeline');
  await page.waitForFunction(() => document.querySelector('.timeline').textContent.includes('acknowledged'), { timeout: 90000 });
  await page.waitForSelector('.badge.s-told', { timeout: 20000 });
  await look(page, 'alert');
  await picture(page, 'alert');
  await page.goto(`${PAGES}/`);
  await page.waitForTimeout(500);
  await look(page, 'status');
  await picture(page, 'status');

  // A mail is tried and heard.
  await visit(page, '/try', 'try', false);
  await page.fill('#to', 'oncall');
  await page.click('main form button');
  await page.evaluate(() => document.querySelector('audio').play());
  await page.waitForFunction(() => document.querySelector('audio').currentTime > 0.5, { timeout: 60000 });
  await look(page, 'tried');
  await picture(page, 'try');

  // A setting with a fault, said beside its field while it is typed; then the difference; then saved.
  await visit(page, '/settings/form/filter', 'form', false);
  await page.fill('#f-repeat_window', 'soon');
  await page.waitForFunction(() => document.querySelector('#e-repeat_window').textContent.includes('expected'));
  must((await page.getAttribute('#f-repeat_window', 'aria-invalid')) === 'true', 'the field is not marked');
  await look(page, 'form with a fault');
  await picture(page, 'form-fault');
  await page.fill('#f-repeat_window', '10 min');
  await page.waitForSelector('#checked .diff .add');
  must((await page.textContent('#e-repeat_window')) === '', 'the fault stays when it is right');
  await look(page, 'form with a difference');
  await page.click('button[value=save]');
  must((await page.textContent('main')).includes('Changed and taken up'), 'the setting was not saved');
  must((await page.inputValue('#f-repeat_window')) === '10 min', 'the setting is not shown');

  // A template is edited, seen and heard before it is saved.
  await visit(page, '/settings/form/texts/+', 'template', false);
  await page.fill('#f-name', 'en');
  await page.fill('#f-call', 'Listen. {nothing}');
  await page.waitForFunction(() => document.querySelector('#e-call').textContent.includes('unknown placeholder'));
  await page.fill('#f-call', 'Listen. {summary} on {host}.');
  await page.waitForSelector('#checked audio');
  must((await page.textContent('#checked')).includes('Listen.'), 'the template is not shown');
  await page.evaluate(() => document.querySelector('#checked audio').play());
  await page.waitForFunction(() => document.querySelector('#checked audio').currentTime > 0.5, { timeout: 60000 });
  await look(page, 'template heard');
  await picture(page, 'template');
  await page.click('button[value=save]');
  must((await page.textContent('main')).includes('Changed and taken up'), 'the template was not saved');

  // What is set is tried; the appliance tests itself.
  await page.goto(`${PAGES}/settings/form/mail`);
  await page.click('form[action="/trial/relay"] button');
  must((await page.textContent('main')).includes('it answers'), 'the relay was not asked');
  await visit(page, '/self-test', 'self-test', false);
  await page.click('main form button');
  await page.waitForSelector('table .badge.good', { timeout: 60000 });
  await look(page, 'self-test done');
  await picture(page, 'self-test');

  for (const [address, name] of [['/settings/form/mail', 'form-mail'], ['/settings/form/sip-account', 'sip-accounts'],
    ['/settings/form/listener/+', 'form-listener'], ['/settings/form/modem', 'form-modem'], ['/settings/form/speech', 'form-speech'],
    ['/trial/voices', 'voices'], ['/groups/+', 'group'], ['/alerts', 'alerts'], ['/statistics', 'statistics'], ['/people', 'people'],
    ['/settings', 'settings'], ['/settings/file', 'file'], ['/log', 'log'], ['/access', 'access'],
    ['/audit', 'audit'], ['/backup', 'backup'], ['/api', 'api']]) {
    await visit(page, address, name);
  }

  // By keyboard alone: the first stop leads to the content.
  await page.goto(`${PAGES}/alerts`);
  await page.keyboard.press('Tab');
  must(await page.evaluate(() => document.activeElement.className) === 'skip', 'no way to the content by keyboard');
  await page.keyboard.press('Enter');
  must(await page.evaluate(() => document.activeElement.id) === 'content', 'the way to the content leads elsewhere');

  // A viewer sees less.
  await page.goto(`${PAGES}/access`);
  await page.click('summary >> nth=0');
  await page.fill('#f-name', 'vera');
  await page.fill('#f-password', PASSWORD);
  await page.fill('#f-again', PASSWORD);
  await page.click('form[action="/access/add"] button');
  const viewer = await fresh({ viewport: phone, colorScheme: 'dark', locale: 'es-GT', isMobile: true, hasTouch: true });
  await logIn(viewer, 'vera');
  const links = await viewer.$$eval('nav a', (all) => all.map((link) => link.getAttribute('href')));
  must(!links.includes('/settings') && !links.includes('/people'), `a viewer sees ${links}`);
  must((await viewer.goto(`${PAGES}/statistics`)).status() === 200, 'a viewer sees no statistics');
  must((await viewer.context().request.get(`${PAGES}/settings`)).status() === 403, 'a viewer sees the settings');
  // On a telephone, dark, in Spanish.
  must((await viewer.getAttribute('html', 'lang')) === 'es', 'the page is not in Spanish');
  for (const [address, name] of [['/', 'phone-status'], ['/alerts', 'phone-alerts'], ['/alerts/1', 'phone-alert'], ['/statistics', 'phone-statistics']]) {
    await visit(viewer, address, name);
  }
  await page.goto(`${PAGES}/`);
  await page.selectOption('select[name=theme]', 'dark');
  await page.selectOption('footer select[name=language]', 'es');
  await page.click('footer button');
  await look(page, 'dark');
  await picture(page, 'dark');

  // The forms on a telephone, dark, in Spanish.
  await page.setViewportSize(phone);
  for (const [address, name] of [['/settings', 'phone-settings'], ['/settings/form/mail', 'phone-form'], ['/settings/form/texts/en', 'phone-template'],
    ['/settings/form/sip-account/+', 'phone-account'], ['/self-test', 'phone-self-test'], ['/groups/oncall', 'phone-group'],
    ['/people', 'phone-people'], ['/backup', 'phone-backup']]) {
    await visit(page, address, name);
  }
  must((await page.getAttribute('html', 'lang')) === 'es', 'the forms are not in Spanish');
  await page.goto(`${PAGES}/settings/form/filter`);
  must((await page.textContent('main')).includes('Asuntos de los que nunca se avisa'), 'the form is not in Spanish');
} catch (error) {
  faults.push(`stopped: ${error.message.split('\n')[0]}`);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ faults, weights }));
