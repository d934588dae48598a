// A swap may replace the element that has the focus: the one with the same id, name or address gets it, else the page's
// body, so that the keyboard goes on where it was and never starts again at the top.

export function startFocus(root: Document): void {
  let was: string | undefined
  let had = false

  root.addEventListener('htmx:before:swap', () => {
    const active = root.activeElement
    had = active !== null && active !== root.body
    was = handleOf(active)
  })
  root.addEventListener('htmx:after:swap', () => {
    if (had && isLost(root)) restore(root, was)
    had = false
  })
}

/** Give the focus to what follows when the focused element goes away for good. */
export function restore(root: Document, handle?: string): void {
  const again = handle ? root.querySelector<HTMLElement>(handle) : null
  ;(again ?? root.getElementById('main'))?.focus({ preventScroll: true })
}

function isLost(root: Document): boolean {
  return root.activeElement === null || root.activeElement === root.body
}

function handleOf(active: Element | null): string | undefined {
  for (const attribute of ['id', 'name', 'href']) {
    const value = active?.getAttribute(attribute)
    if (value) return `[${attribute}="${CSS.escape(value)}"]`
  }
  return undefined
}
