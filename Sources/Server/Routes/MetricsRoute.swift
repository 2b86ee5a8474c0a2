import Hummingbird
import Inference
import NIOCore

/// `GET /metrics`: the server's figures in Prometheus' text form.
struct MetricsRoute {
  let services: ServerServices

  var route: Route {
    Route(.get, ["/metrics"], answersWhileDraining: true) { _, _ in
      refresh()
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: services.metrics.registry.text())))
    }
  }

  /// Takes the figures that go up and down.
  private func refresh() {
    let metrics = services.metrics
    metrics.set("requests_running", services.requests.count)
    metrics.set("connections", services.connections.count)
    metrics.set("request_bytes_held", services.bytes.inFlight)
    metrics.set("resident_bytes", ProcessMemory.residentBytes)
    let entries = services.catalogue.entries
    metrics.record(entries)
    var sum = EngineStatistics()
    for entry in entries {
      guard case .language(let engine)? = entry.model else { continue }
      let own = engine.statistics
      sum.running += own.running
      sum.queued += own.queued
      sum.runningBytes += own.runningBytes
      sum.storeBytes += own.storeBytes
      sum.prefixLookups += own.prefixLookups
      sum.prefixHits += own.prefixHits
      sum.prefixHitTokens += own.prefixHitTokens
      sum.adapters += own.adapters
      sum.adapterBytes += own.adapterBytes
      sum.adapterLoads += own.adapterLoads
      sum.adapterEvictions += own.adapterEvictions
    }
    metrics.set("generations_running", sum.running)
    metrics.set("generations_queued", sum.queued)
    metrics.set("kv_bytes", sum.kvBytes)
    metrics.set("prefix_lookups", sum.prefixLookups)
    metrics.set("prefix_hits", sum.prefixHits)
    metrics.set("prefix_hit_tokens", sum.prefixHitTokens)
    metrics.set("adapters", sum.adapters)
    metrics.set("adapter_bytes", sum.adapterBytes)
    metrics.set("adapter_loads", sum.adapterLoads)
    metrics.set("adapter_evictions", sum.adapterEvictions)
  }
}
