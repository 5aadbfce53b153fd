# The job of the pods: says as whom it runs and whether the root file system is read-only, then runs until it is ended.
import boto3, os, time
print("as", boto3.client("sts").get_caller_identity()["Arn"])
print("read-only" if os.statvfs("/").f_flag & os.ST_RDONLY else "can be written")
print("Error: the job's own")
print("ready", flush=True)
while True:
    time.sleep(3600)
