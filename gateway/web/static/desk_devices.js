// Microphone, loudspeaker and ring of the page's telephone: chosen, tried, and kept in this browser.
import { $, make, w } from "./desk_parts.js";
import { now } from "./desk_now.js";
import { choose, chosen, Microphone, Ring } from "./softphone_sound.js";

const EVERY = 100; // milliseconds between two looks at the level
const TEST_RING = 1200; // milliseconds
let own = null; // a microphone for the test alone, while this page is not the telephone
let looking = 0;

const microphone = () => now.phone?.microphone || own;

async function fill() {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  for (const [name, kind] of [["microphone", "audioinput"], ["speaker", "audiooutput"]]) {
    const options = devices.filter((device) => device.kind === kind && device.deviceId).map((device) => Object.assign(make("option", device.label || w("device.unnamed")), { value: device.deviceId }));
    $(`device-${name}`).replaceChildren(Object.assign(make("option", w("device.default")), { value: "" }), ...options);
    $(`device-${name}`).value = options.some((option) => option.value === chosen(name)) ? chosen(name) : "";
  }
}

function showLevel() {
  const level = microphone()?.level() || 0;
  $("device-level").value = level;
  $("device-heard").textContent = w(microphone()?.lost !== false ? "link.microphone" : level > 0.02 ? "device.heard" : "device.silent");
}

async function open() {
  $("phone-menu").open = false;
  $("devices").showModal();
  $("device-ring").value = chosen("ring") || "loud";
  if (!now.phone) {
    own = new Microphone(() => {});
    await own.take().catch(() => {});
  }
  await fill();
  navigator.mediaDevices.addEventListener("devicechange", fill);
  looking = setInterval(showLevel, EVERY);
}

$("devices")?.addEventListener("close", () => {
  clearInterval(looking);
  navigator.mediaDevices.removeEventListener("devicechange", fill);
  own?.stop();
  own = null;
});

async function use(name) {
  choose(name, $(`device-${name}`).value);
  if (now.phone) await now.phone.useDevices().catch(() => {});
  else await own?.take().catch(() => {});
}

function testRing() {
  choose("ring", $("device-ring").value);
  const ring = new Ring();
  ring.start(() => true);
  setTimeout(() => ring.stop(), TEST_RING);
}

if ($("devices")) {
  $("device-open").addEventListener("click", open);
  for (const name of ["microphone", "speaker"]) $(`device-${name}`).addEventListener("change", () => use(name));
  $("device-ring").addEventListener("change", testRing);
  $("device-test").addEventListener("click", testRing);
}
