// Ties `data-behaviour="name …"` to a controller, now and for whatever is swapped in later.

/** Takes an element over; what it returns is run when the element leaves the page. */
export type Behaviour = (element: HTMLElement) => (() => void) | void

export class Registry {
  readonly #attached = new Map<Element, (() => void)[]>()

  constructor(private readonly behaviours: Readonly<Record<string, Behaviour>>) {}

  attach(root: ParentNode): void {
    if (root instanceof HTMLElement && root.matches('[data-behaviour]')) this.#attachOne(root)
    for (const element of root.querySelectorAll<HTMLElement>('[data-behaviour]')) this.#attachOne(element)
  }

  detachGone(): void {
    for (const [element, cleanups] of this.#attached) {
      if (element.isConnected) continue
      this.#attached.delete(element)
      for (const cleanup of cleanups) cleanup()
    }
  }

  watch(root: Document): void {
    this.attach(root)
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) if (node instanceof HTMLElement) this.attach(node)
        if (change.type === 'attributes') this.#attachAnew(change.target as HTMLElement)
      }
      this.detachGone()
    }).observe(root.documentElement, { childList: true, subtree: true, attributeFilter: ['data-behaviour'] })
  }

  /** A morph keeps the element and gives it other behaviours, or none. */
  #attachAnew(element: HTMLElement): void {
    for (const cleanup of this.#attached.get(element) ?? []) cleanup()
    this.#attached.delete(element)
    if (element.isConnected && element.dataset.behaviour !== undefined) this.#attachOne(element)
  }

  #attachOne(element: HTMLElement): void {
    if (this.#attached.has(element)) return
    const cleanups: (() => void)[] = []
    this.#attached.set(element, cleanups)
    for (const name of element.dataset.behaviour?.split(/\s+/) ?? []) {
      const cleanup = this.behaviours[name]?.(element)
      if (cleanup) cleanups.push(cleanup)
    }
  }
}
