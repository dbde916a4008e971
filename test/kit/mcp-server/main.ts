/**
 * A server that has what the official conformance suite asks a server for, over stdio (`main.ts stdio`) or HTTP
 * (`main.ts http`, which says on stdout where it listens). It ends with whoever started it.
 */
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { createFixture, type Changes } from './fixture.ts'
import { serveHttp } from './http.ts'

const NO_CHANGES: Changes = { tools: () => undefined, prompts: () => undefined }

if (process.argv[2] === 'http') {
  const port = await serveHttp()
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`)
  process.stdin.resume().once('end', () => process.exit(0))
} else {
  serveStdio(() => {
    const changes = { ...NO_CHANGES }
    const fixture = createFixture(changes)
    changes.tools = () => fixture.sendToolListChanged()
    changes.prompts = () => fixture.sendPromptListChanged()
    return fixture
  })
}
