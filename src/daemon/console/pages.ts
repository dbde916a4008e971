import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { HTTP_ERRORS, HttpError } from '../http/problem.ts'
import { PAGES_DIRECTORY } from './pages-directory.ts'

/** The pages of the console, read once: what is not in the table cannot be asked for, whatever the path says. */
export interface Pages {
  /** False when only the plain page stands in for them. */
  readonly isBuilt: boolean
  /** @throws HttpError `ROUTE_UNKNOWN` */
  serve(path: string, request: IncomingMessage, response: ServerResponse): void
}

interface Page {
  readonly type: string
  readonly bytes: Buffer
  readonly packed: Map<string, Buffer>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
const TEXT = /^(?:text\/|application\/|image\/svg)/
const LEAST_PACKED_BYTES = 1024
const MOST_FILES = 500
const MOST_BYTES = 32 * 1024 * 1024

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Warder console</title></head>
<body><main><h1>Warder console</h1>
<p>The pages of the console were not built. Build them, then turn the console off and on again:</p>
<pre>npm run build
warder console --off
warder console</pre></main></body></html>
`

export function readPages(directory = PAGES_DIRECTORY): Pages {
  const pages = filesOf(directory)
  const isBuilt = pages.has('/index.html')
  const index = pages.get('/index.html') ?? pageOf('.html', Buffer.from(NOT_BUILT))
  return {
    isBuilt,
    serve(path, request, response) {
      // an address within the pages is theirs to understand; a name with an ending is a file, there or not
      const page =
        pages.get(path) ?? (extname(path) === '' && !path.startsWith('/assets/') ? index : undefined)
      if (page === undefined) throw missing()
      send(page, request, response)
    },
  }
}

function filesOf(directory: string): Map<string, Page> {
  const pages = new Map<string, Page>()
  let sizeBytes = 0
  for (const name of namesIn(directory)) {
    const type = extname(name)
    if (!Object.hasOwn(TYPES, type)) continue // what has no type here is served to nobody
    const bytes = readFileSync(join(directory, name))
    sizeBytes += bytes.length
    if (pages.size >= MOST_FILES || sizeBytes > MOST_BYTES) throw new Error(`${directory} holds too much`)
    pages.set(`/${name}`, pageOf(type, bytes))
  }
  return pages
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, '/').length))
  } catch {
    return [] // not built
  }
}

function pageOf(type: string, bytes: Buffer): Page {
  return { type: TYPES[type]!, bytes, packed: new Map() }
}

function send({ type, bytes, packed }: Page, request: IncomingMessage, response: ServerResponse): void {
  const encoding = TEXT.test(type) && bytes.length >= LEAST_PACKED_BYTES ? encodingOf(request) : undefined
  let body = bytes
  if (encoding !== undefined) {
    body = packed.get(encoding) ?? packedBy(encoding, bytes)
    packed.set(encoding, body)
    response.setHeader('content-encoding', encoding)
  }
  response.setHeader('vary', 'accept-encoding')
  response.writeHead(200, { 'content-type': type, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function encodingOf({ headers }: IncomingMessage): 'br' | 'gzip' | undefined {
  const taken = String(headers['accept-encoding'] ?? '').split(/\s*,\s*/)
  return (['br', 'gzip'] as const).find((each) => taken.includes(each))
}

function packedBy(encoding: 'br' | 'gzip', bytes: Buffer): Buffer {
  if (encoding === 'gzip') return gzipSync(bytes)
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
}

function missing(): HttpError {
  return new HttpError(HTTP_ERRORS, 'ROUTE_UNKNOWN', {
    what: 'the console has no such file',
    fix: 'begin at /',
  })
}
