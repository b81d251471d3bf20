/** Plasmoid's surface for programs that use comlink: `plasmoid/comlink`. */
export { endpointOf, type WithRefs } from './actors/comlink/actor-endpoint.ts';
export { portEndpoint } from './actors/comlink/port-endpoint.ts';
export type { Endpoint, EndpointListener } from './actors/comlink/protocol.ts';
export {
  type ComlinkHandlers,
  type ComlinkModule,
  registerProxyHandler,
  registerTransferHandlers,
} from './actors/comlink/transfer-handlers.ts';
export { handOver } from './actors/comlink/transit.ts';
export { EndpointClosedError } from './state/errors.ts';
