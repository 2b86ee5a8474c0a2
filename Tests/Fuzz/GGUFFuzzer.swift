// The coverage-guided fuzzer of GGUF parsing; `make fuzz` builds and runs it. A trap, a leak, a read outside the bytes or
// a broken law ends it; a thrown error is what should happen to nearly every input.
import Formats

/// One input: parse, touch every byte that the file says it has, write it again, and parse that.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGGUF(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = ByteView(copying: UnsafeBufferPointer(start: start, count: count))
  guard let file = try? GGUFFile(bytes) else { return 0 }
  var sum: UInt64 = 0
  for tensor in file.tensors {
    let data = file.data(of: tensor)
    data.withUnsafeBytes { for byte in $0 { sum &+= UInt64(byte) } }
    precondition(data.count == tensor.byteRange.count, "a tensor's data has another length than it says")
    precondition(file.tensorIfPresent(tensor.name) == tensor, "a tensor is not found by its name")
  }
  for entry in file.entries {
    sum &+= UInt64(entry.value.description.utf8.count)
    precondition(file.entry(entry.key)?.offset == entry.offset, "an entry is not found by its key")
  }
  // What parses can be written, unless the writer refuses it by name, and then reads back the same.
  guard let writer = try? GGUFWriter(copying: file), let copy = try? writer.encoded() else { return 0 }
  guard let again = try? GGUFFile(ByteView(copying: copy)) else { preconditionFailure("a written file is refused") }
  precondition(again.entries.map(\.key) == file.entries.map(\.key), "keys changed in writing")
  precondition(again.tensors.map(\.name) == file.tensors.map(\.name), "tensors changed in writing")
  for (tensor, original) in zip(again.tensors, file.tensors) {
    precondition(again.data(of: tensor) == file.data(of: original), "data changed in writing")
  }
  return sum == .max ? -1 : 0
}
