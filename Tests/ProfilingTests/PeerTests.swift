import Formats
import Profiling
import Testing
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Peers")
struct PeerTests {
  private let answering = """
    echo '{"ready":"fake"}'
    while read -r line; do
      case $line in
        *quit*) exit 0 ;;
        *fail*) echo '{"error":"no such thing"}' ;;
        *die*) echo 'out of luck' >&2; exit 3 ;;
        *sleep*) sleep 5 ;;
        *) echo '{"seconds":0.25,"threads":"'"$OPENBLAS_NUM_THREADS"'"}' ;;
      esac
    done
    """

  @Test func asksAndHears() throws {
    let folder = try TemporaryFolder()
    let program = try folder.script("worker", answering)
    let peer = try PeerProcess(
      name: "fake", command: [program], environment: ["OPENBLAS_NUM_THREADS=7"], hint: "make peers")
    #expect(peer.greeting["ready"]?.text == "fake")
    let answer = try peer.request(["op": "gemm"])
    #expect(answer["seconds"]?.double == 0.25 && answer["threads"]?.text == "7")
    #expect(throws: ProfilingError.peerFailed(name: "fake", problem: "no such thing")) {
      try peer.request(["op": "fail"])
    }
    // An error is an answer: the worker goes on.
    #expect(try peer.request(["op": "gemm"])["seconds"]?.double == 0.25)
    #expect(throws: ProfilingError.peerTimedOut(name: "fake", seconds: 0.2)) {
      try peer.request(["op": "sleep"], timeout: 0.2)
    }
  }

  @Test func aPeerThatDiesSaysWhy() throws {
    let folder = try TemporaryFolder()
    let peer = try PeerProcess(name: "fake", command: [try folder.script("worker", answering)], hint: "")
    #expect(throws: ProfilingError.peerEnded(name: "fake", lastWords: "out of luck")) {
      try peer.request(["op": "die"])
    }
    #expect(throws: ProfilingError.self) { try peer.request(["op": "gemm"]) }
  }

  @Test func absentIsNotBeaten() throws {
    let folder = try TemporaryFolder()
    let catalogue = PeerCatalogue(home: folder.path)
    let field = try PeerField(["onednn"], task: .gemm(threads: 1), catalogue: catalogue)
    #expect(field.absent.map(\.name) == ["onednn"])
    let comparison = try Comparison(
      work: 10, request: [], field: field, protocol: TimingProtocol(pairs: 2, pauseSeconds: 0)
    ) { 2 }
    #expect(comparison.ratio == nil && comparison.strongest == nil && comparison.ours.median == 5)
    let row = JSON.object(comparison.members)
    #expect(row["ratio"] == .null && row["absent"]?["onednn"]?.text?.contains("make peers") == true)
  }

  @Test func theStrongestCounts() throws {
    let folder = try TemporaryFolder()
    mkdir(folder.path + "/bin", 0o755)
    _ = try folder.script("bin/onednn_worker", answering)
    let field = try PeerField(["onednn"], task: .gemm(threads: 1), catalogue: PeerCatalogue(home: folder.path))
    let comparison = try Comparison(
      work: 1, request: [.init("op", "gemm")], field: field, protocol: TimingProtocol(pairs: 3, pauseSeconds: 0)
    ) { 0.125 }
    #expect(comparison.strongest == "onednn")
    #expect(comparison.ratio == RatioEstimate(ours: [0.125, 0.125, 0.125], theirs: [0.25, 0.25, 0.25]))
    #expect(comparison.ratio?.median == 2)
  }

  @Test func unknownNamesAreRefused() {
    #expect(throws: ProfilingError.self) { try PeerCatalogue.variants(of: "abacus", for: .attention) }
    #expect(throws: ProfilingError.self) { try PeerCatalogue.variants(of: "numpy", for: .attention) }
  }

  @Test func notJSONIsAnError() throws {
    let folder = try TemporaryFolder()
    let program = try folder.script("worker", "echo hello\n")
    #expect(throws: ProfilingError.self) { try PeerProcess(name: "fake", command: [program], hint: "") }
  }
}
