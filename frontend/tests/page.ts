// What kernel/document.html puts on every page, for tests of behaviours.

const WORDS = {
  left: '还剩 {span} · {at} 到期',
  over: '已超 {span} · {at} 到期',
  ago: '{span}前 · {at}',
  'just-now': '刚刚 · {at}',
  minutes: '{m} 分钟',
  hours: '{h} 小时',
  'hours-minutes': '{h} 小时 {m} 分',
  days: '{d} 天',
  'days-hours': '{d} 天 {h} 小时',
  'under-minute': '不到 1 分钟',
  refreshed: '本页内容已更新',
  copied: '已复制',
  found: '找到 {n} 项',
}

export function page(html: string): void {
  const words = Object.entries(WORDS).map(([name, text]) => `data-${name}="${text}"`)
  document.body.innerHTML = `${html}<div id="words" hidden ${words.join(' ')}></div><div id="announcer"></div><div id="messages"></div>`
}

export function find<E extends Element = HTMLElement>(selector: string): E {
  const element = document.querySelector<E>(selector)
  if (!element) throw new Error(`nothing matches ${selector}`)
  return element
}

export function say(name: string, detail: unknown): void {
  document.dispatchEvent(new CustomEvent(name, { detail }))
}

export function press(key: string, more: KeyboardEventInit = {}): void {
  ;(document.activeElement ?? document.body).dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }),
  )
}
