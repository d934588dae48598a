// Something that must be heard sounds until it is gone, and says so where the browser keeps it mute.
import { beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'

const started: number[] = []
let state = 'running'

class Audio {
  currentTime = 0
  destination = {}
  get state(): string {
    return state
  }
  async resume(): Promise<void> {
    state = 'running'
  }
  createGain(): unknown {
    return { gain: { setValueAtTime: () => {}, exponentialRampToValueAtTime: () => {} }, connect: () => {} }
  }
  createOscillator(): unknown {
    const tone = { frequency: { value: 0 }, connect: (next: unknown) => next, start: () => started.push(tone.frequency.value), stop: () => {} }
    return tone
  }
}

const ONE = '<section id="a" data-sound="matter"><p data-sound-off hidden><button data-sound-on></button></p></section>'

async function fresh(): Promise<(element: HTMLElement) => () => void> {
  vi.resetModules()
  vi.useFakeTimers()
  vi.stubGlobal('AudioContext', Audio)
  started.length = 0
  return (await import('./sound')).sound
}

beforeEach(() => {
  state = 'running'
})

it('sounds at once, again and again, and no more when it is gone', async () => {
  const sound = await fresh()
  page(ONE)
  const stop = sound(find('#a'))
  expect(started).toHaveLength(3)
  vi.advanceTimersByTime(4000)
  expect(started).toHaveLength(6)
  stop()
  vi.advanceTimersByTime(20_000)
  expect(started).toHaveLength(6)
  vi.useRealTimers()
})

it('two of them sound as one', async () => {
  const sound = await fresh()
  page(`${ONE}<section id="b" data-sound="matter"></section>`)
  const stops = [sound(find('#a')), sound(find('#b'))]
  vi.advanceTimersByTime(4000)
  expect(started).toHaveLength(6)
  stops[0]?.()
  vi.advanceTimersByTime(4000)
  expect(started).toHaveLength(9)
  stops[1]?.()
  vi.useRealTimers()
})

it('where the browser keeps the page mute, a button says so and opens it', async () => {
  const sound = await fresh()
  state = 'suspended'
  page(ONE)
  const stop = sound(find('#a'))
  expect(started).toHaveLength(0)
  expect(find('[data-sound-off]').hidden).toBe(false)
  find('[data-sound-on]').click()
  await vi.advanceTimersByTimeAsync(0)
  expect(started).toHaveLength(3)
  expect(find('[data-sound-off]').hidden).toBe(true)
  stop()
  vi.useRealTimers()
})
