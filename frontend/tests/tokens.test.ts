// @vitest-environment node
// Contrast of every pair of tokens, in both themes (WCAG 2.1 AA).
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync('src/styles/tokens.css', 'utf8')

type Tokens = Record<string, string>

function tokensOf(block: string | undefined): Tokens {
  return Object.fromEntries([...(block ?? '').matchAll(/--an-([\w-]+):\s*(#[0-9a-f]{6})\b/g)].map(([, name, hex]) => [name, hex]))
}

const light = tokensOf(/:root \{([^}]*)\}/.exec(css)?.[1])
const dark = tokensOf(/\[data-bs-theme='dark'\] \{([^}]*)\}/.exec(css)?.[1])

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
  const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [dim, bright] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number]
  return (bright + 0.05) / (dim + 0.05)
}

const coloured = ['level-red', 'level-orange', 'level-yellow', 'level-blue', 'done']
const texts: [string, string][] = [
  ...['ink', 'ink-soft', 'ink-faint'].flatMap((ink): [string, string][] =>
    ['ground', 'surface', 'sunken', 'raised'].map((ground): [string, string] => [ink, ground]),
  ),
  ['ink', 'selected'],
  ['ink-soft', 'selected'],
  ['primary-fg', 'primary'],
  ['primary-fg', 'primary-hover'],
  ...coloured.flatMap((name): [string, string][] => [
    [`${name}-fg`, `${name}-bg`],
    [`${name}-fg`, 'surface'],
    [`${name}-fg`, 'ground'],
    [`${name}-on`, `${name}-solid`],
  ]),
]
const marks: [string, string][] = [
  ['line-strong', 'surface'],
  ['line-strong', 'ground'],
  ...coloured.flatMap((name): [string, string][] => [
    [`${name}-border`, 'surface'],
    [`${name}-border`, `${name}-bg`],
  ]),
]

describe.each([
  ['light', light],
  ['dark', dark],
])('in the %s theme', (_name, tokens) => {
  it.each(texts)('text %s can be read on %s', (text, ground) => {
    expect(contrast(tokens[text] as string, tokens[ground] as string)).toBeGreaterThanOrEqual(4.5)
  })

  it.each(marks)('mark %s can be seen on %s', (mark, ground) => {
    expect(contrast(tokens[mark] as string, tokens[ground] as string)).toBeGreaterThanOrEqual(3)
  })
})

it('both themes name the same colours', () => {
  expect(Object.keys(dark).toSorted()).toEqual(Object.keys(light).toSorted())
})
