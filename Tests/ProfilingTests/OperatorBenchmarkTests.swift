import Formats
import Profiling
import Tensors
import Testing
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Operator benchmarks")
struct OperatorBenchmarkTests {
  private struct Case: OperatorCase {
    var name: String
    var peers: PeerCatalogue.Task?
    var work: Double { 1 }
    var request: [JSON.Member] { [.init("op", .string(name))] }
    func task(threads: Int) -> PeerCatalogue.Task? { peers }
    func contestant(_ context: Context) -> any OperatorContestant { Contestant() }
  }

  private struct Contestant: OperatorContestant {
    func turn(repeats: Int) -> Double { 0.01 }
  }

  @Test func peersAreAskedOnlyForTheWorkTheyWereStartedFor() throws {
    let folder = try TemporaryFolder()
    // Whatever it is asked for, it says that it did it.
    let starts = folder.path + "/starts"
    let worker = """
      echo x >> \(starts)
      echo '{"ready":"fake"}'
      while read -r line; do echo '{"seconds":1}'; done
      """
    mkdir(folder.path + "/bin", 0o755)
    _ = try folder.script("bin/onednn_worker", worker)
    let benchmark = OperatorBenchmark(
      cases: [
        Case(name: "a", peers: .gemm(threads: 1)), Case(name: "b", peers: nil),
        Case(name: "c", peers: .gemm(threads: 2)), Case(name: "d", peers: .gemm(threads: 1)),
      ],
      threads: [1], peers: ["onednn"], timing: TimingProtocol(warmUps: 0, pairs: 2, pauseSeconds: 0), fingerprint: "")
    let rows = try benchmark.run(catalogue: PeerCatalogue(home: folder.path), store: nil).rows
    #expect(rows.map { $0["strongest"]?.text } == ["onednn", nil, "onednn", "onednn"])
    // One field for each kind of work, the last case takes the first one's.
    let file = try #require(fopen(starts, "r"))
    defer { fclose(file) }
    var lines = 0
    while case let byte = fgetc(file), byte != EOF { lines += byte == 10 ? 1 : 0 }
    #expect(lines == 2)
  }
}
