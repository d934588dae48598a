// @vitest-environment node
import { expect, it } from 'vitest'
import { symbol } from '../build/icon-sprite.ts'

it('a drawing becomes a symbol that keeps how it is painted', () => {
  const svg = '<svg xmlns="x" width="24" viewBox="0 0 24 24" fill="none" stroke="currentColor"><path d="M1 1"/></svg>'
  expect(symbol('dot', svg)).toBe(
    '<symbol id="dot" viewBox="0 0 24 24" fill="none" stroke="currentColor"><path d="M1 1"/></symbol>',
  )
})
