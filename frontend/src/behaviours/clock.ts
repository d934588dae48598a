// <time data-kind="due|ago">: time left and time over, with the moment beside it; red once it is over.
import { moment, now, span, zoneOf } from '../time'
import { fill, word } from '../words'

const JUST_NOW_MS = 60_000

/** One timer for all the clocks of a page. */
const clocks = new Set<HTMLElement>()
let timer: ReturnType<typeof setInterval> | undefined

export function clock(element: HTMLElement): () => void {
  show(element)
  clocks.add(element)
  timer ??= setInterval(showAll, 1000)
  document.addEventListener('htmx:after:swap', showAll) // a morph has put the server's text in place of ours
  return () => {
    clocks.delete(element)
    element.removeAttribute('data-late')
    if (clocks.size > 0) return
    clearInterval(timer)
    timer = undefined
    document.removeEventListener('htmx:after:swap', showAll)
  }
}

function showAll(): void {
  clocks.forEach(show)
}

function show(element: HTMLElement): void {
  const iso = element.getAttribute('datetime') ?? ''
  const current = now()
  const at = Date.parse(iso)
  const left = at - current
  if (Number.isNaN(left)) return
  const late = element.dataset.kind !== 'ago' && left < 0
  const gaps = { span: span(Math.abs(left)), at: moment(at, current, zoneOf(iso), element.dataset.kind === 'due') }
  const text = fill(word(pattern(element, left)), gaps)
  if (element.textContent !== text) element.textContent = text
  element.toggleAttribute('data-late', late)
}

function pattern(element: HTMLElement, left: number): string {
  if (element.dataset.kind === 'ago') return -left < JUST_NOW_MS ? 'justNow' : 'ago'
  return left < 0 ? 'over' : 'left'
}
