// What every target has in common: libFuzzer's two entry points. A target's own file has `check` and `seeds`.
import Glibc

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  check(UnsafeRawBufferPointer(start: data, count: size))
  return 0
}

/// Writes the seed corpus into the folder that `VENTURI_FUZZ_SEEDS` names, if it does, and ends.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
  _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  guard let folder = getenv("VENTURI_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
  let all = seeds()
  for (number, seed) in all.enumerated() {
    guard let file = fopen("\(folder)/seed-\(number)", "w"), fwrite(seed, 1, seed.count, file) == seed.count,
      fclose(file) == 0
    else {
      print("cannot write into \(folder)")
      exit(1)
    }
  }
  print("\(all.count) seeds in \(folder)")
  exit(0)
}
