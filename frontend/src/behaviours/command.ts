// Ctrl-K: type a few characters of a page's name or of a record's, arrow to it, Enter goes there. Pages are found here,
// records by the server (data-find), once the typing pauses.
import { announce, fill, word } from '../words'

const PAUSE_MS = 180

interface Place {
  title: string
  detail: string
  href: string
}

interface Group {
  label: string
  places: Place[]
}

export function command(element: HTMLElement): () => void {
  const input = element.querySelector('input') as HTMLInputElement
  const list = element.querySelector('[role=listbox]') as HTMLElement
  const note = element.querySelector('[data-note]') as HTMLElement
  let options: HTMLElement[] = []
  let chosen = 0
  let asked = new AbortController()

  const say = (name: 'none' | 'busy' | 'failed' | undefined): void => {
    note.hidden = name === undefined
    note.textContent = (name && note.dataset[name]) ?? ''
    list.toggleAttribute('aria-busy', name === 'busy')
    if (name && name !== 'busy') announce(note.textContent)
  }
  const choose = (index: number): void => {
    chosen = options.length === 0 ? 0 : (index + options.length) % options.length
    for (const [at, item] of options.entries()) item.setAttribute('aria-selected', String(at === chosen))
    const current = options[chosen]
    if (current) input.setAttribute('aria-activedescendant', current.id)
    else input.removeAttribute('aria-activedescendant')
    current?.scrollIntoView({ block: 'nearest' })
  }
  const show = (groups: Group[]): void => {
    list.replaceChildren(...groups.filter(({ places }) => places.length > 0).map(groupOf))
    options = [...list.querySelectorAll<HTMLElement>('[role=option]')]
    for (const [at, item] of options.entries()) item.id = `command-${at}`
    input.setAttribute('aria-expanded', String(options.length > 0))
  }
  const search = (): void => {
    asked.abort()
    asked = new AbortController()
    const { signal } = asked
    const words = input.value.trim()
    const pages = { label: list.dataset.pages ?? '', places: matching(pagesOffered(), words) }
    show([pages])
    choose(0)
    say(words ? 'busy' : undefined)
    if (!words) return
    setTimeout(async () => {
      if (signal.aborted) return
      const records = await find(element.dataset.find ?? '', words, signal)
      if (signal.aborted) return
      const before = chosen
      show([pages, ...(records ?? [])])
      choose(before)
      if (!records) say('failed')
      else if (options.length === 0) say('none')
      else {
        say(undefined)
        announce(fill(word('found'), { n: options.length }))
      }
    }, PAUSE_MS)
  }
  const go = (item: HTMLElement | undefined): void => {
    if (item?.dataset.href) location.assign(item.dataset.href)
  }

  // While Chinese is being composed the box holds letters that nothing is called by.
  input.addEventListener('input', (event) => (event as InputEvent).isComposing || search())
  input.addEventListener('compositionend', search)
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'ArrowDown') choose(chosen + 1)
    else if (event.key === 'ArrowUp') choose(chosen - 1)
    else if (event.key === 'Enter') go(options[chosen])
    else return
    event.preventDefault()
  })
  list.addEventListener('click', (event) => go((event.target as Element).closest<HTMLElement>('[role=option]') ?? undefined))

  const opened = new MutationObserver(() => {
    if (!element.hasAttribute('open')) {
      asked.abort()
      return
    }
    input.value = ''
    search()
    input.focus()
  })
  opened.observe(element, { attributes: true, attributeFilter: ['open'] })
  return () => {
    opened.disconnect()
    asked.abort()
  }
}

/** Every page that the navigation, the user's menu or the page itself offers as a place to go. */
function pagesOffered(): Place[] {
  const links = ['#nav a[href]', 'a[data-place]', '.an-menu a[href]'].flatMap((where) =>
    Array.from(document.querySelectorAll<HTMLAnchorElement>(where)),
  )
  return links.map(placeOf)
}

export function matching(all: Place[], query: string): Place[] {
  const words = query.trim().toLowerCase().split(/\s+/)
  return all.filter(({ title }) => words.every((part) => title.toLowerCase().includes(part)))
}

/** The records that the server found, by register; undefined where it did not answer with them. */
async function find(address: string, words: string, signal: AbortSignal): Promise<Group[] | undefined> {
  const wanted = `${address}?${new URLSearchParams({ q: words })}`
  const answer = await fetch(wanted, { headers: { 'HX-Request': 'true' }, redirect: 'error', signal }).catch(() => undefined)
  if (!answer?.ok) return undefined
  const text = await answer.text().catch(() => undefined)
  if (text === undefined) return undefined
  const page = new DOMParser().parseFromString(text, 'text/html')
  return [...page.querySelectorAll('section')].map((section) => ({
    label: section.querySelector('h2')?.textContent?.trim() ?? '',
    places: [...section.querySelectorAll<HTMLAnchorElement>('a[href]')].map(placeOf),
  }))
}

function placeOf(link: HTMLAnchorElement): Place {
  const named = link.querySelector('span:not(.an-count)') ?? link
  return {
    title: named.textContent?.trim() ?? '',
    detail: link.querySelector('small')?.textContent?.trim() ?? '',
    href: new URL(link.getAttribute('href') ?? '', location.href).href,
  }
}

function groupOf({ label, places }: Group, index: number): HTMLElement {
  const group = document.createElement('div')
  const title = document.createElement('div')
  title.id = `command-group-${index}`
  title.className = 'an-command-group'
  title.textContent = label
  group.role = 'group'
  group.setAttribute('aria-labelledby', title.id)
  group.append(title, ...places.map(option))
  return group
}

function option({ title, detail, href }: Place): HTMLElement {
  const item = document.createElement('div')
  item.role = 'option'
  item.dataset.href = href
  const name = document.createElement('span')
  name.textContent = title
  item.append(name)
  if (detail) {
    const more = document.createElement('small')
    more.textContent = detail
    item.append(' ', more)
  }
  return item
}
