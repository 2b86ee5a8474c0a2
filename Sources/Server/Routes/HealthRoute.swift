import Formats
import Hummingbird

/// `GET /health`: 200 when the models that are loaded at the start are there, 503 before, and when the server shuts down. For
/// load balancers; tells nothing else and needs no key.
struct HealthRoute {
  let services: ServerServices

  var route: Route {
    Route(.get, ["/health", "/v1/health"], isOpen: true, answersWhileDraining: true) { _, _ in
      if services.requests.isDraining { throw RequestFailure.draining }
      switch services.catalogue.readiness {
      case .ready: return Response(json: ["status": "ok"])
      case .loading: throw RequestFailure.unavailable("the model is being loaded", code: "loading")
      case .failed: throw RequestFailure.unavailable("a model cannot be loaded", code: "model_failed", retryAfter: 60)
      }
    }
  }
}
