import HTTPTypes
import Hummingbird

/// All routes of the server, and the router that has them.
package struct ServerRoutes {
  let services: ServerServices

  /// Every route; what is added here is guarded, logged and counted like all others.
  var all: [Route] {
    [HealthRoute(services: services).route, MetricsRoute(services: services).route]
      + ModelsRoute(services: services).routes + AnswerRoutes(services: services).routes
      + VectorRoutes(services: services).routes + TokenRoutes(services: services).routes
      + OllamaRoutes(services: services).routes + [InterfaceRoute(services: services).route] + PageRoutes().routes
      + [SystemsRoute(services: services).route] + PlanRoutes(services: services).routes
  }

  /// What the server answers: each method with its paths, and whether it asks for a key.
  package static var known: [(method: String, paths: [String], isOpen: Bool)] {
    let services = ServerServices(settings: ServerSettings(), catalogue: FixedCatalogue())
    return ServerRoutes(services: services).all.map { ($0.method.rawValue, $0.paths, $0.isOpen) }
  }

  /// The paths that answer without a key.
  var openPaths: Set<String> { Set(all.filter(\.isOpen).flatMap(\.paths)) }

  /// The router with the middlewares, outermost first.
  func router() -> Router<ServerContext> {
    let routes = all
    let settings = services.settings
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: TracingMiddleware())
    router.add(middleware: AccessMiddleware(services: services))
    router.add(middleware: OriginMiddleware(policy: settings.origins, hasKeys: !settings.keys.isEmpty))
    router.add(middleware: KeyMiddleware(keys: settings.keys, openPaths: openPaths))
    let draining = Set(routes.filter(\.answersWhileDraining).flatMap(\.paths))
    router.add(middleware: DrainMiddleware(requests: services.requests, openPaths: draining))
    var methods: [String: [HTTPRequest.Method]] = [:]
    for route in routes {
      for path in route.paths {
        methods[path, default: []].append(route.method)
        router.on(RouterPath(path), method: route.method) { request, context in
          try await route.handler(request, context)
        }
      }
    }
    for (path, known) in methods { refuseOthers(path, known, router) }
    return router
  }

  /// A path that is known says which methods it takes.
  private func refuseOthers(_ path: String, _ known: [HTTPRequest.Method], _ router: Router<ServerContext>) {
    let names = known.map(\.rawValue).joined(separator: ", ")
    let all: [HTTPRequest.Method] = [.get, .post, .put, .delete, .patch, .options, .trace]
    for method in all where !known.contains(method) {
      router.on(RouterPath(path), method: method) { request, _ in
        let failure = RequestFailure(
          status: 405, type: "invalid_request_error", code: "method_not_allowed",
          message: "\(FieldReader.quoted(request.uri.path)) takes \(names), not \(method.rawValue)")
        var response = failure.response(to: request)
        response.headers[.allow] = names
        return response
      }
    }
  }
}
