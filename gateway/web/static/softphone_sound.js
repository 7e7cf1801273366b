// What a telephone in a page hears and plays with: its microphone, got back when it was lost; its ring. The choice
// of devices is kept in this browser.
const KEPT = "phone.";
const RINGING = { on: 1000, off: 4000, hertz: 450 }; // one second in five, as telephones ring in China
export const LOUDNESS = { loud: 0.2, soft: 0.05, off: 0 };

export const chosen = (name) => localStorage.getItem(KEPT + name) || "";
export const choose = (name, value) => localStorage.setItem(KEPT + name, value);

const HEARD = 8192; // samples of the level: 0.17 s at 48 kHz, more than lies between two looks of desk_devices.js
const PIECE = 1024;
const loudness = (samples) => Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);

// One microphone for as long as the page is the telephone. `changed(track)` hears of each that is taken, and of
// null when there is none; it is looked for again whenever a device comes or the right to use it is given.
export class Microphone {
  constructor(changed) {
    this.stream = null;
    this._changed = changed;
    this._look = () => this.lost && this.take().catch(() => {});
  }

  get lost() {
    return this.stream?.getAudioTracks()[0]?.readyState !== "live";
  }

  // Raises what getUserMedia raises.
  async take() {
    if (!this._watches) {
      this._watches = true;
      navigator.mediaDevices.addEventListener("devicechange", this._look);
      this._right = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
      this._right?.addEventListener("change", this._look);
    }
    const deviceId = chosen("microphone") ? { ideal: chosen("microphone") } : undefined;
    try {
      const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, deviceId };
      this._use(await navigator.mediaDevices.getUserMedia({ audio }));
    } catch (error) {
      if (this.lost) this._changed(null);
      throw error;
    }
    return this.stream;
  }

  _use(stream) {
    const [track] = stream.getAudioTracks();
    this.stream?.getTracks().forEach((old) => old.stop());
    this.stream = stream;
    this._meter = null;
    track.addEventListener("ended", () => {
      if (this.stream !== stream) return;
      this._changed(null);
      this._look(); // another one may be there
    });
    this._changed(track);
  }

  // How loud it is now, 0 to 1: the loudest piece since about the last look, so that no short sound is missed.
  level() {
    if (this.lost) return 0;
    this._sound ??= new AudioContext();
    if (this._sound.state === "suspended") this._sound.resume();
    if (!this._meter) {
      this._meter = new AnalyserNode(this._sound, { fftSize: HEARD });
      this._sound.createMediaStreamSource(this.stream).connect(this._meter);
    }
    const samples = new Float32Array(HEARD);
    this._meter.getFloatTimeDomainData(samples);
    let loudest = 0;
    for (let at = 0; at < HEARD; at += PIECE) loudest = Math.max(loudest, loudness(samples.subarray(at, at + PIECE)));
    return Math.min(1, 3 * loudest);
  }

  stop() {
    navigator.mediaDevices.removeEventListener("devicechange", this._look);
    this._right?.removeEventListener("change", this._look);
    const { stream } = this;
    this.stream = null;
    stream?.getTracks().forEach((track) => track.stop());
    this._sound?.close();
  }
}

// `while_` tells whether it still rings.
export class Ring {
  start(while_) {
    this.stop();
    const gain = LOUDNESS[chosen("ring")] ?? LOUDNESS.loud;
    if (!gain) return;
    this._sound ??= new AudioContext();
    this._sound.setSinkId?.(chosen("speaker")).catch(() => {});
    const burst = () => {
      const volume = new GainNode(this._sound, { gain });
      this._tone = new OscillatorNode(this._sound, { frequency: RINGING.hertz });
      this._tone.connect(volume).connect(this._sound.destination);
      this._tone.start();
      this._tone.stop(this._sound.currentTime + RINGING.on / 1000);
    };
    this._sound.resume().then(() => while_() && burst());
    this._ringer = setInterval(burst, RINGING.on + RINGING.off);
  }

  stop() {
    clearInterval(this._ringer);
    this._tone?.stop();
    this._tone = null;
  }
}
