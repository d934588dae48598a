// Now, as the server has it: the page carries its clock (real or an exercise's), since the machine's own may be wrong.
import { fill, word } from './words'

interface PageClock {
  origin: number
  read: number
  rate: number
}

let clock: PageClock | undefined

/** Read the page's clock: as the page is loaded, for it tells the time of then. */
export function setClock(root: HTMLElement = document.documentElement): void {
  const origin = Date.parse(root.dataset.clock ?? '')
  clock = {
    origin: Number.isNaN(origin) ? Date.now() : origin,
    read: performance.now(),
    rate: Number(root.dataset.clockRate ?? 1),
  }
}

export function now(): number {
  if (!clock) setClock()
  const { origin, read, rate } = clock as PageClock
  return origin + (performance.now() - read) * rate
}

const MINUTE = 60_000

/** A length of time in words: the two largest units, whole minutes. */
export function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / MINUTE)
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  if (d > 0) return fill(word(h > 0 ? 'daysHours' : 'days'), { d, h })
  if (h > 0) return fill(word(m > 0 ? 'hoursMinutes' : 'hours'), { h, m })
  return m > 0 ? fill(word('minutes'), { m }) : word('underMinute')
}

/** Minutes east of Greenwich that a timestamp was written in; the browser's own when it doesn't say. */
export function zoneOf(iso: string | undefined): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(iso ?? '') ?? []
  if (!sign) return iso?.endsWith('Z') ? 0 : -new Date().getTimezoneOffset()
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** 14:05 on the same day, with its date on another. What ends at midnight ends at 24:00 of the day before. */
export function moment(at: number, reference: number, zone: number, ends = false): string {
  let [date = '', time = ''] = local(at, zone)
  if (ends && time === '00:00') [date, time] = [local(at - MINUTE, zone)[0] ?? '', '24:00']
  const [today] = local(reference, zone)
  return date === today ? time : `${date.slice(5)} ${time}`
}

function local(at: number, zone: number): string[] {
  const [date = '', time = ''] = new Date(at + zone * MINUTE).toISOString().split('T')
  return [date, time.slice(0, 5)]
}
