// A form is sent once: while it is on its way a second press does nothing.

export function startSubmitGuard(root: Document): void {
  root.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    if (form.method === 'get' || form.method === 'dialog') return
    if (form.hasAttribute('data-sending')) {
      event.preventDefault()
      event.stopImmediatePropagation()
      return
    }
    if (event.defaultPrevented && !form.matches('[hx-post], [hx-put], [hx-patch], [hx-delete]')) return
    form.setAttribute('data-sending', '')
    for (const button of buttonsOf(form)) button.setAttribute('aria-busy', 'true')
  })
  // Where the answer took the form off the page, the page itself is told.
  root.addEventListener('htmx:finally:request', ({ target }) => target instanceof Element && release(target.closest('form')))
  // Back from the next page: the browser shows this one as it was left.
  addEventListener('pageshow', () => root.querySelectorAll<HTMLFormElement>('form[data-sending]').forEach(release))
}

function release(form: HTMLFormElement | null): void {
  if (!form) return
  form.removeAttribute('data-sending')
  for (const button of buttonsOf(form)) button.removeAttribute('aria-busy')
}

function buttonsOf(form: HTMLFormElement): HTMLElement[] {
  return [...form.elements].filter(
    (element): element is HTMLElement => element instanceof HTMLElement && element.matches('button, [type=submit]'),
  )
}
