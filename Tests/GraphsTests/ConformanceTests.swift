import Graphs
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Graphs: conformance")
struct ConformanceTests {
  /// The cases that `make cases` fetches.
  private static let folder: String = {
    let home = getenv("VENTURI_HOME").map { String(cString: $0) }
    let user = getenv("HOME").map { String(cString: $0) } ?? ""
    return "\(home ?? "\(user)/.cache/venturi")/cases/onnx"
  }()

  @Test("There are as many cases as there should be")
  func tripwire() {
    let cases = ConformanceSuite(folder: Self.folder).cases
    #expect(cases.count >= 1600, "make cases")
    for (group, count) in [("node", 1600), ("simple", 23), ("pytorch-operator", 35), ("pytorch-converted", 82)] {
      #expect(cases.count { $0.group == group } >= count, "\(group)")
    }
  }

  @Test("A sample of the cases passes: the models, and every tenth node", .timeLimit(.minutes(2)))
  func sample() {
    let suite = ConformanceSuite(folder: Self.folder)
    let context = Context(threads: 2)
    var passed = 0
    for (position, test) in suite.cases.enumerated() where test.group != "light" {
      if test.group == "node", position % 10 != 0 { continue }
      switch suite.run(test, context: context).verdict {
      case .passed: passed += 1
      case .failed(let reason): Issue.record("\(test.group)/\(test.name): \(reason)")
      case .skipped: break
      }
    }
    #expect(passed >= 280)
  }

  @Test("At least 150 operators are claimed")
  func operators() {
    #expect(OperatorLibrary.standard.names.filter { !ConformanceSuite.random.contains($0) }.count >= 150)
  }
}
