import Formats
import Planner
import Profiling
import Tuning

extension InferenceHyperparameterStudy {
  /// How much throughput depends on the size of batches, here with continuous batching and in transformers' pipeline with padded static
  /// ones: the highest by the lowest.
  ///
  /// - Throws: what the engine's processes and the planner throw; `CancellationError`.
  func batches(_ conditions: RunConditions, model: String, process: TrialProcess) throws -> [Measure] {
    let workload = Self.workload(16, conditions)
    let sizes = conditions.quick ? ["1", "4"] : ["1", "2", "4", "8", "16"]
    let bench = try ServingBench(model: model, workload: workload, process: process, store: nil)
    let peer = ScriptPeer.start(
      "transformers", script: "transformers_batches_worker.py", arguments: [model], conditions)
    var measures: [Measure] = []
    for threads in Set([1, conditions.threads]).sorted() {
      let space = try ServingSpace([
        ServingSpace.Dimension(.threads, ["\(threads)"]), ServingSpace.Dimension(.batch, sizes),
      ])
      let landscape = try bench.landscape(space, repetitions: 1) { _, _, settings in
        conditions.report(settings.text)
      }
      let ours = landscape.values
      var theirs: [Double] = []
      var absent: String?
      switch peer {
      case .success(let worker):
        for size in sizes {
          try conditions.next("transformers, batch \(size), threads \(threads)")
          let answer = try worker.request([
            "op": "batches", "batch": .integer(Int(size) ?? 1), "threads": .integer(threads),
            "requests": .array(
              workload.requests.map { [.integer($0.promptTokens), .integer($0.outputTokens)] }),
          ])
          theirs.append(answer["tokensPerSecond"]?.double ?? 0)
        }
      case .failure(let error): absent = "\(error)"
      }
      let name = "\(threads) \(threads == 1 ? "thread" : "threads"), batches of \(sizes.joined(separator: ", "))"
      measures.append(
        Measure(
          "throughput, \(name)", unit: "tok/s", ours: Summary(ours), peer: Summary(theirs), peerName: Self.peerName,
          absent: absent))
      func spread(_ values: [Double]) -> Summary? {
        values.min().flatMap { least in least > 0 ? Summary([(values.max() ?? 0) / least]) : nil }
      }
      measures.append(
        Measure(
          "highest by lowest throughput, \(name)", unit: "×", ours: spread(ours), peer: spread(theirs),
          peerName: Self.peerName, absent: absent))
    }
    return measures
  }

  private static let peerName = "transformers, static batches, f32"
}
