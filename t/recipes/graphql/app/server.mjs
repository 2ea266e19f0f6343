// GraphQL by graphql-yoga, and its subscriptions by graphql-ws, as the manuals of both have it.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/`);
const { createSchema, createYoga } = require('graphql-yoga');
const { useServer } = require('graphql-ws/use/ws');
const { WebSocketServer } = require('ws');

const schema = createSchema({
  typeDefs: 'type Query { hello: String } type Subscription { count(from: Int!, to: Int!): Int! }',
  resolvers: {
    Query: { hello: () => 'hello of GraphQL' },
    Subscription: {
      count: {
        async* subscribe(_, { from, to }) {
          for (let count = from; count <= to; count += 1) yield { count };
        },
      },
    },
  },
});
const server = createServer(createYoga({ schema }));
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
server.listen(4000, '127.0.0.1');
