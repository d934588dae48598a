// Keys stand in the templates (data-key="g h", "Ctrl+k", "n"): pressing them clicks or focuses that element.
// `/` goes to the page's search box, or to the command box where it has none.

const SEQUENCE_MS = 1200

export function startShortcuts(root: Document): void {
  let before = ''
  let pressedAt = 0

  root.addEventListener('keydown', (event) => {
    const key = nameOf(event)
    if (!key || event.isComposing || (isTyping(event.target) && !event.ctrlKey && !event.metaKey)) return
    const sequence = before && event.timeStamp - pressedAt < SEQUENCE_MS ? `${before} ${key}` : ''
    if ((sequence && press(root, sequence)) || press(root, key)) {
      event.preventDefault()
      before = ''
      return
    }
    before = key
    pressedAt = event.timeStamp
  })
}

function nameOf(event: KeyboardEvent): string {
  if (event.altKey || ['Control', 'Shift', 'Meta', 'Alt'].includes(event.key)) return ''
  return event.ctrlKey || event.metaKey ? `Ctrl+${event.key.toLowerCase()}` : event.key
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
}

function press(root: Document, key: string): boolean {
  const open = root.querySelector('dialog[open]')
  const scope = open ?? root
  if (key === '/' && !open) return goToSearch(root)
  const target = scope.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
  if (!target) return false
  if (target.matches('input, textarea, select')) target.focus()
  else target.click()
  return true
}

function goToSearch(root: Document): boolean {
  const box = root.querySelector<HTMLInputElement>('[data-search]')
  if (box) {
    box.focus()
    box.select()
  } else root.querySelector<HTMLElement>('[data-dialog="command"]')?.click()
  return true
}

/** The list behind `?`: filled from the page's own data-key elements each time it opens. */
export function shortcutList(list: HTMLElement): () => void {
  const box = list.closest('dialog') as HTMLDialogElement
  const opened = new MutationObserver(() => box.open && list.replaceChildren(...entries(list)))
  opened.observe(box, { attributes: true, attributeFilter: ['open'] })
  return () => opened.disconnect()
}

function entries(list: HTMLElement): HTMLElement[] {
  const known = [...document.querySelectorAll<HTMLElement>('[data-key]')].map((element): [string, string] => [
    element.dataset.key ?? '',
    element.dataset.keyLabel ?? element.textContent?.trim() ?? '',
  ])
  known.push(['/', list.dataset.searchLabel ?? ''], ['Esc', list.dataset.closeLabel ?? ''])
  return [...new Map(known)].flatMap(([keys, label]) => [keyCaps(keys), definition(label)])
}

function keyCaps(keys: string): HTMLElement {
  const term = document.createElement('dt')
  for (const key of keys.split(/[ +]/)) {
    const cap = document.createElement('kbd')
    cap.textContent = key.length === 1 ? key.toUpperCase() : key
    term.append(cap)
  }
  return term
}

function definition(label: string): HTMLElement {
  const text = document.createElement('dd')
  text.textContent = label
  return text
}
