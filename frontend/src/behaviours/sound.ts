// Something that must be heard: it sounds while it stands on the page. One sound for the whole page, however many ask.
// A browser lets a page sound once its user has touched it; until then a button stands there.

const PAUSE_MS = 4000
const TONES: Readonly<Record<string, readonly number[]>> = { matter: [880, 660, 880], intake: [660, 880], overdue: [440, 440] }
const TONE_S = 0.22

const sounding = new Map<HTMLElement, string>()
let timer: ReturnType<typeof setInterval> | undefined
let context: AudioContext | undefined

export function sound(element: HTMLElement): () => void {
  sounding.set(element, element.dataset.sound ?? 'matter')
  const on = element.querySelector<HTMLElement>('[data-sound-on]')
  on?.addEventListener('click', wake)
  if (timer === undefined) {
    timer = setInterval(ring, PAUSE_MS)
    document.addEventListener('pointerdown', wake)
    ring()
  }
  return () => {
    sounding.delete(element)
    on?.removeEventListener('click', wake)
    if (sounding.size > 0) return
    clearInterval(timer)
    timer = undefined
    document.removeEventListener('pointerdown', wake)
  }
}

function wake(): void {
  void context?.resume().then(ring)
}

function ring(): void {
  context ??= new AudioContext()
  const isMute = context.state !== 'running'
  for (const element of sounding.keys()) {
    element.querySelector('[data-sound-off]')?.toggleAttribute('hidden', !isMute)
  }
  if (isMute) return
  const [kind] = sounding.values()
  play(context, TONES[kind ?? 'matter'] ?? [])
}

function play(audio: AudioContext, tones: readonly number[]): void {
  tones.forEach((hertz, place) => {
    const from = audio.currentTime + place * TONE_S * 1.3
    const volume = audio.createGain()
    volume.gain.setValueAtTime(0.2, from)
    volume.gain.exponentialRampToValueAtTime(0.001, from + TONE_S)
    const tone = audio.createOscillator()
    tone.frequency.value = hertz
    tone.connect(volume).connect(audio.destination)
    tone.start(from)
    tone.stop(from + TONE_S)
  })
}
