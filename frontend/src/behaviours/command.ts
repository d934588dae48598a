// Ctrl-K: type a few characters of a page's name, arrow to it, Enter goes there.

interface Place {
  title: string
  href: string
}

export function command(element: HTMLElement): () => void {
  const input = element.querySelector('input') as HTMLInputElement
  const list = element.querySelector('[role=listbox]') as HTMLElement
  const none = element.querySelector<HTMLElement>('[data-none]')
  let found: Place[] = []
  let chosen = 0

  const choose = (index: number): void => {
    chosen = found.length === 0 ? 0 : (index + found.length) % found.length
    for (const [at, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(at === chosen))
    const current = list.children[chosen]
    input.setAttribute('aria-activedescendant', current?.id ?? '')
    current?.scrollIntoView({ block: 'nearest' })
  }
  const search = (): void => {
    found = matching(places(), input.value)
    list.replaceChildren(...found.map(option))
    if (none) none.hidden = found.length > 0
    choose(0)
  }
  const go = (index: number): void => {
    const place = found[index]
    if (place) location.assign(place.href)
  }

  input.addEventListener('input', search)
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'ArrowDown') choose(chosen + 1)
    else if (event.key === 'ArrowUp') choose(chosen - 1)
    else if (event.key === 'Enter') go(chosen)
    else return
    event.preventDefault()
  })
  list.addEventListener('click', (event) => {
    const clicked = (event.target as Element).closest('[role=option]')
    if (clicked) go([...list.children].indexOf(clicked))
  })

  const opened = new MutationObserver(() => {
    if (!element.hasAttribute('open')) return
    input.value = ''
    search()
    input.focus()
  })
  opened.observe(element, { attributes: true, attributeFilter: ['open'] })
  return () => opened.disconnect()
}

/** Every page that the navigation or the page itself offers as a place to go. */
function places(): Place[] {
  const links = document.querySelectorAll<HTMLAnchorElement>('#nav a[href], .an-menu a[href], a[data-place]')
  return [...links].map((link) => ({
    title: (link.querySelector('span:not(.an-count)') ?? link).textContent?.trim() ?? '',
    href: link.href,
  }))
}

export function matching(all: Place[], query: string): Place[] {
  const words = query.trim().toLowerCase().split(/\s+/)
  return all.filter(({ title }) => words.every((part) => title.toLowerCase().includes(part)))
}

function option(place: Place, index: number): HTMLElement {
  const item = document.createElement('li')
  item.id = `command-${index}`
  item.role = 'option'
  item.textContent = place.title
  return item
}
