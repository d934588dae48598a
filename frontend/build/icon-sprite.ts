// One SVG sprite of only the icons in use: the names stand in src/icons.json, our own drawings in src/icons/.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

interface Sources {
  list: string
  own: string
}

const tabler = fileURLToPath(new URL('../node_modules/@tabler/icons/icons', import.meta.url))

function drawing(name: string): string {
  const [folder, file] = name.endsWith('-filled') ? ['filled', name.slice(0, -'-filled'.length)] : ['outline', name]
  const path = join(tabler, folder, `${file}.svg`)
  if (!existsSync(path)) throw new Error(`src/icons.json: Tabler has no icon "${name}"`)
  return readFileSync(path, 'utf8')
}

/** Turn a whole SVG file into a <symbol>, keeping how it is painted. */
export function symbol(name: string, svg: string): string {
  const [, head = '', body = ''] = /<svg([^>]*)>([\s\S]*)<\/svg>/.exec(svg) ?? []
  const kept = ['viewBox', 'fill', 'stroke', 'stroke-linecap', 'stroke-linejoin'].flatMap((attribute) => {
    const value = new RegExp(`\\s${attribute}="([^"]*)"`).exec(head)?.[1]
    return value === undefined ? [] : [`${attribute}="${value}"`]
  })
  const paths = body.replaceAll(/<path stroke="none"[^>]*\/>/g, '').replaceAll(/\s+/g, ' ').trim()
  return `<symbol id="${name}" ${kept.join(' ')}>${paths}</symbol>`
}

function sprite({ list, own }: Sources): string {
  const names = JSON.parse(readFileSync(list, 'utf8')) as string[]
  const ours = readdirSync(own).filter((file) => file.endsWith('.svg'))
  const symbols = [
    ...names.map((name) => symbol(name, drawing(name))),
    ...ours.map((file) => symbol(basename(file, '.svg'), readFileSync(join(own, file), 'utf8'))),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
}

export function iconSprite(sources: Sources): Plugin {
  return {
    name: 'icon-sprite',
    apply: 'build',
    buildStart() {
      this.addWatchFile(sources.list)
      this.emitFile({
        type: 'asset',
        name: 'icons.svg',
        originalFileName: 'src/icons.svg',
        source: sprite(sources),
      })
    },
  }
}
