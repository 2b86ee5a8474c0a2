import Dispatch
import Synchronization

/// Runs of the same kind, side by side.
public enum SimulationSweep {
  /// What `body` makes of each input, in the order of the inputs, whatever the number of threads.
  ///
  /// - Parameters:
  ///   - inputs: what the runs differ in.
  ///   - threads: how many run at once, 1 to 256.
  ///   - body: one run; it must depend on its input alone.
  /// - Throws: the error of the first input that has one.
  public static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], threads: Int, _ body: @Sendable (Input) throws(PlannerError) -> Output
  ) throws(PlannerError) -> [Output] {
    guard (1...256).contains(threads) else {
      throw .invalid(field: "threads", problem: "\(threads) lies outside 1…256")
    }
    let next = Atomic(0)
    let results = Mutex([Result<Output, PlannerError>?](repeating: nil, count: inputs.count))
    DispatchQueue.concurrentPerform(iterations: min(threads, max(1, inputs.count))) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < inputs.count else { return }
        let result: Result<Output, PlannerError>
        do throws(PlannerError) { result = .success(try body(inputs[index])) } catch { result = .failure(error) }
        results.withLock { $0[index] = result }
      }
    }
    var outputs: [Output] = []
    for result in results.withLock({ $0 }) {
      if let result { outputs.append(try result.get()) }
    }
    return outputs
  }
}
