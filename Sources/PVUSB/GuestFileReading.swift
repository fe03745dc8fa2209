internal import HostUSB
public import PVUSBCore

extension GuestFile {
    /// Reads an xl.cfg from the host's files.
    ///
    /// - Throws: not found when it can't be read; a usage error that names the file, the line and
    ///   what is wrong with it.
    public init(path: String) throws(PVUSBError) {
        let bytes: [UInt8]
        do throws(FileErrno) {
            bytes = try SystemFiles().read(path)
        } catch {
            throw PVUSBError(.notFound, "\(path) can't be read", cause: "\(error)")
        }
        do throws(PVUSBError) {
            try self.init(bytes)
        } catch {
            throw PVUSBError(error.code, "\(path), \(error.message)")
        }
    }
}
