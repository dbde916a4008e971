import type { Plugin } from 'rolldown'

/** An import of one of Node's own modules, as the bundler writes it: at the start of a line, on one line. */
const IMPORT = /^import (?:(\* as )?([\w$]+)(?:, | ))?(?:\{([^{}]*)\} )?from "(node:[\w/]+)";$/gm

/**
 * Takes Node's own modules by `process.getBuiltinModule` instead of by import. An import reads every export of the
 * module once, also those that are made when they are first read: `node:http` then loads a whole HTTP client for the
 * sake of `WebSocket`, 40 ms in every process that only wanted `request`.
 */
export function builtins(): Plugin {
  return {
    name: 'builtins',
    renderChunk(code) {
      const taken = code.replace(
        IMPORT,
        (
          _line,
          star: string | undefined,
          whole: string | undefined,
          names: string | undefined,
          from: string,
        ) => {
          const module = `process.getBuiltinModule("${from}")`
          const parts = [
            ...(whole === undefined ? [] : [`const ${whole} = ${module};`]),
            ...(names === undefined ? [] : [`const {${names.replaceAll(' as ', ': ')}} = ${module};`]),
          ]
          if (star !== undefined && names !== undefined)
            throw new Error(`both at once cannot be taken: ${from}`)
          return parts.join(' ')
        },
      )
      const left = /^import .*"node:.*$/m.exec(taken)
      if (left !== null) throw new Error(`an import of Node's own was not understood: ${left[0]}`)
      return { code: taken }
    },
  }
}
