import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/server'
import { PNG } from './media.ts'

export function addResources(server: McpServer): void {
  const add = (name: string, uri: string, mimeType: string, content: { text: string } | { blob: string }) =>
    server.registerResource(name, uri, { description: `A resource: ${name}`, mimeType }, () => ({
      contents: [{ uri, mimeType, ...content }],
    }))
  add('static text', 'test://static-text', 'text/plain', {
    text: 'This is the content of the static text resource.',
  })
  add('static binary', 'test://static-binary', 'image/png', { blob: PNG })
  add('watched', 'test://watched-resource', 'text/plain', { text: 'Watched resource content' })
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'A resource for each id', mimeType: 'application/json' },
    (uri, { id }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  )
  server.server.setRequestHandler('resources/subscribe', () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', () => ({}))
}
