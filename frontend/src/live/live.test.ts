import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backOff, LiveConnection, type LiveMessage } from './connection'
import { LiveHub, OVERLAP_MS, type Port } from './hub'

class Stream extends EventTarget {
  static all: Stream[] = []
  closed = false
  constructor(readonly url: string) {
    super()
    Stream.all.push(this)
  }
  close(): void {
    this.closed = true
  }
  send(type: string, data = '{}', lastEventId = ''): void {
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId }))
  }
  static get last(): Stream {
    return Stream.all.at(-1) as Stream
  }
}

beforeEach(() => {
  Stream.all = []
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Stream)
})
afterEach(() => vi.useRealTimers())

describe('a connection', () => {
  it('says up at hello, and hands on what changed', () => {
    const tell = vi.fn<(message: LiveMessage) => void>()
    new LiveConnection('/live', tell).open()
    Stream.last.send('hello')
    Stream.last.send('changed', '[["unit:7", 3], ["unit:*", 4]]')
    Stream.last.send('reset')
    expect(tell.mock.calls.flat()).toEqual([
      { kind: 'up' },
      { kind: 'changed', subjects: ['unit:7', 'unit:*'] },
      { kind: 'reset' },
    ])
  })

  it('comes back to the place of the last event, whichever that was', () => {
    new LiveConnection('/live', () => undefined).open()
    expect(Stream.last.url).toBe('/live')
    Stream.last.send('hello', '{}', '5-10')
    Stream.last.send('changed', '[["unit:7", 3]]', '5-12')
    Stream.last.send('beat', '{}', '5-13')
    Stream.last.send('error')
    vi.advanceTimersByTime(1000)
    expect(Stream.last.url).toBe('/live?after=5-13')
    Stream.last.send('error')
    vi.advanceTimersByTime(2000)
    expect(Stream.all).toHaveLength(3)
    expect(Stream.last.url).toBe('/live?after=5-13')
  })

  it('begins anew after it was closed', () => {
    const live = new LiveConnection('/live', () => undefined)
    live.open()
    Stream.last.send('hello', '{}', '5-10')
    live.close()
    live.open()
    expect(Stream.last.url).toBe('/live')
  })

  it('says down once however often it fails, and comes back', () => {
    const tell = vi.fn<(message: LiveMessage) => void>()
    new LiveConnection('/live', tell).open()
    Stream.last.send('hello')
    Stream.last.send('error')
    vi.advanceTimersByTime(1000)
    Stream.last.send('error')
    vi.advanceTimersByTime(2000)
    Stream.last.send('hello')
    expect(Stream.all).toHaveLength(3)
    expect(tell.mock.calls.flat().map((message) => message.kind)).toEqual(['up', 'down', 'up'])
  })

  it('takes silence after a beat for a loss', () => {
    const tell = vi.fn<(message: LiveMessage) => void>()
    new LiveConnection('/live', tell).open()
    Stream.last.send('hello')
    Stream.last.send('beat')
    vi.advanceTimersByTime(41_000)
    expect(tell).toHaveBeenLastCalledWith({ kind: 'down' })
  })

  it('waits longer each time, half of it by chance, never over 30 seconds', () => {
    expect([backOff(0, 0), backOff(0, 1)]).toEqual([250, 500])
    expect([backOff(4, 0), backOff(4, 1)]).toEqual([4000, 8000])
    expect(backOff(20, 1)).toBe(30_000)
  })
})

describe('the hub of all tabs', () => {
  const tab = (): Port & { heard: unknown[] } => {
    const heard: unknown[] = []
    return { heard, onmessage: null, postMessage: (message: unknown) => heard.push(message) }
  }
  const says = (port: Port, data: string): void => port.onmessage?.call(port as MessagePort, new MessageEvent('message', { data }))

  it('holds one stream for all tabs and tells a late tab how things stand', () => {
    const hub = new LiveHub('/live')
    const [one, two] = [tab(), tab()]
    hub.join(one)
    Stream.last.send('hello')
    hub.join(two)
    Stream.last.send('changed', '[["a:1", 1]]')
    expect(Stream.all).toHaveLength(1)
    expect(two.heard).toEqual([{ kind: 'up' }, { kind: 'changed', subjects: ['a:1'] }])
    expect(one.heard).toEqual(two.heard)
  })

  it('tells a new tab what changed while its page was on its way, nothing older', () => {
    const hub = new LiveHub('/live')
    hub.join(tab())
    Stream.last.send('hello')
    Stream.last.send('changed', '[["a:1", 1]]')
    vi.advanceTimersByTime(OVERLAP_MS - 100)
    Stream.last.send('changed', '[["a:2", 2]]')
    vi.advanceTimersByTime(200)
    const late = tab()
    hub.join(late)
    expect(late.heard).toEqual([{ kind: 'up' }, { kind: 'changed', subjects: ['a:2'] }])
  })

  it('lets the stream go with the last tab', () => {
    const hub = new LiveHub('/live')
    const [one, two] = [tab(), tab()]
    hub.join(one)
    hub.join(two)
    says(one, 'leave')
    expect(Stream.last.closed).toBe(false)
    says(two, 'leave')
    expect(Stream.last.closed).toBe(true)
  })

  it('tries at once when a tab knows that the line is back', () => {
    const hub = new LiveHub('/live')
    const one = tab()
    hub.join(one)
    Stream.last.send('error')
    says(one, 'retry')
    expect(Stream.all).toHaveLength(2)
  })
})
