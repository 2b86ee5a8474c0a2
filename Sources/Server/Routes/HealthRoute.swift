import Formats
import Hummingbird

/// `GET /health`: 200 when all models are loaded, 503 before, and when the server shuts down. For load balancers; tells nothing
/// else and needs no key.
struct HealthRoute {
  let services: ServerServices

  var route: Route {
    Route(.get, ["/health", "/v1/health"], isOpen: true, answersWhileDraining: true) { _, _ in
      if services.requests.isDraining { throw RequestFailure.draining }
      let entries = services.catalogue.entries
      if entries.contains(where: { $0.problem != nil }) {
        throw RequestFailure.unavailable("a model cannot be loaded", code: "model_failed", retryAfter: 60)
      }
      if !services.catalogue.isReady { throw RequestFailure.unavailable("the model is being loaded", code: "loading") }
      return Response(json: ["status": "ok"])
    }
  }
}
