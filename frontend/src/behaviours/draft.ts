// Forms with data-draft="name" keep what was typed on this machine until it has been taken by the server.
// Kept for one user, three days at most, and cleared at log-out: duty desks are shared.

interface Draft {
  at: number
  sent: boolean
  fields: Record<string, string[]>
}

const KEEP_MS = 3 * 24 * 3600 * 1000
const TYPING_PAUSE_MS = 400
const PREFIX = 'draft:'

export function startDrafts(root: Document): void {
  forgetOld()
  const forms = [...root.querySelectorAll<HTMLFormElement>('form[data-draft]')]
  forgetTaken(forms.map(keyOf))
  forms.forEach(offer)

  let typing: ReturnType<typeof setTimeout> | undefined
  root.addEventListener('input', (event) => {
    const form = draftForm(event.target)
    if (!form) return
    clearTimeout(typing)
    typing = setTimeout(() => save(form, false), TYPING_PAUSE_MS)
  })
  root.addEventListener('submit', (event) => {
    clearTimeout(typing)
    const form = draftForm(event.target)
    if (form) save(form, true)
    if ((event.target as Element).matches('[data-draft-clear]')) forget(() => true)
  })
  root.addEventListener('click', (event) => discardOn(event.target as Element))
}

function draftForm(target: EventTarget | null): HTMLFormElement | null {
  return (target as Element | null)?.closest<HTMLFormElement>('form[data-draft]') ?? null
}

function keyOf(form: HTMLFormElement): string {
  return `${PREFIX}${document.documentElement.dataset.user ?? ''}:${form.dataset.draft}`
}

function save(form: HTMLFormElement, sent: boolean): void {
  const fields: Draft['fields'] = {}
  for (const field of fieldsOf(form)) (fields[field.name] ??= []).push(...valuesOf(field))
  localStorage.setItem(keyOf(form), JSON.stringify({ at: Date.now(), sent, fields } satisfies Draft))
}

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

/** What a person types or chooses; never passwords, files or hidden machinery. */
function fieldsOf(form: HTMLFormElement): Field[] {
  return [...form.querySelectorAll<Field>('input[name], select[name], textarea[name]')].filter(
    (field) => !['password', 'file', 'hidden', 'submit'].includes(field.type) && !field.matches('[data-no-draft]'),
  )
}

function valuesOf(field: Field): string[] {
  if (field instanceof HTMLInputElement && ['checkbox', 'radio'].includes(field.type)) {
    return field.checked ? [field.value] : []
  }
  if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map((option) => option.value)
  return [field.value]
}

/** Put a draft back into a form that has nothing better, and say so. */
function offer(form: HTMLFormElement): void {
  const draft = load(keyOf(form))
  const refused = form.querySelector('[aria-invalid="true"]') !== null
  if (!draft || refused) return
  for (const field of fieldsOf(form)) putBack(field, draft.fields[field.name] ?? [])
  const notice = form.querySelector<HTMLElement>('[data-draft-notice]')
  if (notice) notice.hidden = false
}

function putBack(field: Field, values: string[]): void {
  if (field instanceof HTMLInputElement && ['checkbox', 'radio'].includes(field.type)) {
    field.checked = values.includes(field.value)
  } else if (field instanceof HTMLSelectElement) {
    for (const option of field.options) option.selected = values.includes(option.value)
  } else {
    field.value = values.shift() ?? ''
  }
}

function discardOn(target: Element): void {
  const form = target.closest('[data-draft-discard]') && draftForm(target)
  if (!form) return
  localStorage.removeItem(keyOf(form))
  form.reset()
  const notice = form.querySelector<HTMLElement>('[data-draft-notice]')
  if (notice) notice.hidden = true
}

function load(key: string): Draft | undefined {
  const text = localStorage.getItem(key)
  return text === null ? undefined : (JSON.parse(text) as Draft)
}

/** A draft that was sent is done with as soon as another page answers; going back or reloading proves nothing. */
function forgetTaken(shown: string[]): void {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  const returned = entry?.type === 'reload' || entry?.type === 'back_forward'
  forget((draft, key) => draft.sent && !(returned && shown.includes(key)))
}

function forgetOld(): void {
  forget((draft) => Date.now() - draft.at > KEEP_MS)
}

function forget(which: (draft: Draft, key: string) => boolean): void {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const draft = load(key)
    if (!draft || which(draft, key)) localStorage.removeItem(key)
  }
}
